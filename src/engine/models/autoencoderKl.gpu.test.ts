import { expect, test } from "vitest";
import { loadGoldenInBrowser } from "../../../test/goldenBrowser";
import { vaeCases } from "../../../test/parity/vae";

const { manifest, tensors } = await loadGoldenInBrowser("vae/autoencoder_kl");
/** The manifest's note on tolerances: about 2e-3 is to be allowed on a GPU; a byte may differ by one. */
const GPU_TOLERANCE = 2e-3;
const cases = vaeCases(manifest, tensors);

test("the fixture gives cases under both namings", () => {
  expect(cases.length).toBeGreaterThan(12);
});

test.each(cases.map((parityCase) => [parityCase.name, parityCase] as const))(
  "%s matches the reference on WebGPU",
  async (name, { run }) => {
    const { error } = await run();
    expect(error).toBeLessThanOrEqual(name.includes("u8") ? 1 : GPU_TOLERANCE);
  },
);
