import { expect, test } from "vitest";
import { loadGoldenInBrowser } from "../../../test/goldenBrowser";
import { taesdCases } from "../../../test/parity/taesd";

const { manifest, tensors } = await loadGoldenInBrowser("vae/taesd");
/** The manifest's note on tolerances: about 1e-3 is to be allowed on a GPU. */
const GPU_TOLERANCE = 1e-3;
const cases = taesdCases(manifest, tensors);

test("the fixture gives five outputs under both namings", () => {
  expect(cases.length).toBe(10);
});

test.each(cases.map((parityCase) => [parityCase.name, parityCase] as const))(
  "%s matches the reference on WebGPU",
  async (_, { run }) => {
    const { error } = await run();
    expect(error).toBeLessThanOrEqual(GPU_TOLERANCE);
  },
);
