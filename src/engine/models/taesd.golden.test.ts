import { expect, test } from "vitest";
import { goldenFolder } from "../../../test/parity/folder";
import { taesdCases } from "../../../test/parity/taesd";
import { diffusersName, taesdShapes } from "./taesd";

const [golden] = goldenFolder("vae").filter(({ manifest }) => manifest.family === "taesd");
const cases = golden ? taesdCases(golden.manifest, golden.tensors) : [];

test("the fixture gives five outputs under both namings", () => {
  expect(cases.length).toBe(10);
});

test.each(cases.map((parityCase) => [parityCase.name, parityCase] as const))(
  "%s matches TAESD",
  async (_, { run }) => {
    const { error, tolerance } = await run();
    expect(error).toBeLessThanOrEqual(tolerance);
  },
);

test.each(["params.", "hub.diffusers."])(
  "the table of shapes is the reference's state dict, name by name (%s)",
  (prefix) => {
    const want = [...(golden?.tensors ?? [])]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { shape }]) => [diffusersName(name.slice(prefix.length)), [...shape]]);
    expect(Object.fromEntries(taesdShapes({ width: 8, latentChannels: 4 }))).toEqual(
      Object.fromEntries(want),
    );
  },
);
