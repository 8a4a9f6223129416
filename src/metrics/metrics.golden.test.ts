import { describe, expect, test } from "vitest";
import { loadGolden } from "../../test/golden";
import { metricsCases } from "../../test/parity/metrics";

/** Numbers of a manifest that describe official float32 runs, other formulas or margins, not golden values. */
const INFORMATIVE =
  /official|max_abs_diff|gap|with_offset|symmetric_eigh|wrong_value|^N$|dim|^n_|^D$/;

function countGoldenNumbers(value: unknown): number {
  if (typeof value === "number") return 1;
  if (Array.isArray(value)) return value.reduce<number>((sum, v) => sum + countGoldenNumbers(v), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value)
    .filter(([key]) => key === "cmmd_biased_official" || !INFORMATIVE.test(key))
    .reduce((sum, [, inner]) => sum + countGoldenNumbers(inner), 0);
}

/** Families of which only some numbers have a counterpart here (the rest are renderings or margins). */
describe.each(["prdc", "pca", "inception_score"])("%s", (family) => {
  const { manifest, tensors } = loadGolden(`metrics/${family}`);
  const cases = metricsCases(manifest, tensors);

  test("every entry has a case", () => {
    expect(cases).toHaveLength(Object.keys(manifest.results ?? {}).length);
  });

  test.each(cases.map((one) => [one.name, one] as const))("%s", async (_, one) => {
    const { error, tolerance, worst } = await one.run();
    expect(error, worst).toBeLessThanOrEqual(tolerance);
  });
});

/** Reference, seed and tolerance are in each manifest; the cases are those of `npm run parity`. */
describe.each(["alignment", "frechet", "kid_cmmd"])("%s", (family) => {
  const { manifest, tensors } = loadGolden(`metrics/${family}`);
  const cases = metricsCases(manifest, tensors);

  test.each(cases.map((one) => [one.name, one] as const))("%s", async (_, one) => {
    const { error, tolerance, worst } = await one.run();
    expect(error, worst).toBeLessThanOrEqual(tolerance);
  });

  test("every golden number is compared", async () => {
    let compared = 0;
    for (const one of cases) compared += (await one.run()).compared ?? 0;
    expect(compared).toBe(countGoldenNumbers(manifest.results));
  });
});

test("a changed reference value fails its case", async () => {
  const { manifest, tensors } = loadGolden("metrics/frechet");
  const changed = JSON.parse(
    JSON.stringify(manifest).replace('"trace_sqrt":13.303', '"trace_sqrt":13.304'),
  ) as typeof manifest;
  const [first] = metricsCases(changed, tensors);
  const result = await first?.run();
  expect(result?.worst).toBe("trace_sqrt");
  expect(result?.error).toBeCloseTo(1e-3, 6);
  expect(result?.error).toBeGreaterThan(result?.tolerance ?? Infinity);
});
