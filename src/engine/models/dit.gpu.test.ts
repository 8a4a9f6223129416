import { expect, test } from "vitest";
import { loadGoldenInBrowser } from "../../../test/goldenBrowser";
import { ditCases } from "../../../test/parity/dit";

const { manifest, tensors } = await loadGoldenInBrowser("dit/dit-tiny");
/** The same cases as on the CPU, at the tolerance the manifest names for a GPU. */
const cases = ditCases(manifest, tensors, { precision: "gpu" });

test("the fixture gives cases of every kind", () => {
  expect(cases.length).toBeGreaterThan(40);
});

test.each(cases.map((parityCase) => [parityCase.name, parityCase] as const))(
  "%s matches the reference on WebGPU",
  async (_, { run }) => {
    const { error, tolerance, worst } = await run();
    expect(error, `largest error, in ${worst ?? "it"}`).toBeLessThanOrEqual(tolerance);
  },
);
