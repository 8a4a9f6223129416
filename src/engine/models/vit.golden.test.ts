import { expect, test } from "vitest";
import { goldenFolder } from "../../../test/parity/folder";
import { encoderCases } from "../../../test/parity/encoders";

const fixtures = goldenFolder("encoders").map(({ manifest, tensors }) => ({
  name: String(manifest.name),
  cases: encoderCases(manifest, tensors),
}));
const cases = fixtures.flatMap(({ name, cases: own }) =>
  own.map((parityCase) => [`${name} ${parityCase.name}`, parityCase] as const),
);

test("every family has cases, under each of its namings", () => {
  const known = fixtures.filter(({ cases: own }) => own.length > 0).map(({ name }) => name);
  expect(known).toEqual([
    "clip_vision",
    "dino_v1",
    "dinov2",
    "dinov2_reg",
    "dinov2_swiglu",
    "ijepa",
    "mae",
    "mocov3",
  ]);
  for (const naming of ["params.*", "hub.timm.*", "hub.hf.*"]) {
    expect(cases.some(([name]) => name.includes(`(${naming})`))).toBe(true);
  }
});

test.each(cases)("%s is the reference's", async (_, { run }) => {
  const { error, tolerance } = await run();
  expect(error).toBeLessThanOrEqual(tolerance);
});
