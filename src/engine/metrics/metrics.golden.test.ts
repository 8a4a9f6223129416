import { describe, expect, test } from "vitest";
import { loadGolden } from "../../../test/golden";
import { metricsCases } from "../../../test/parity/metrics";
import { resultCounts } from "../../../test/parity/metricsNotes";
import type { ParityResult } from "../../../test/parity/types";

const FAMILIES = [
  "alignment",
  "fdd",
  "frechet",
  "inception_score",
  "kid_cmmd",
  "pca",
  "prdc",
  "probe_knn",
];

/** Reference, seed and tolerance are in each manifest; the cases are those of `npm run parity`. */
describe.each(FAMILIES)("%s", (family) => {
  const { manifest, tensors } = loadGolden(`metrics/${family}`);
  const cases = metricsCases(manifest, tensors);
  const results: ParityResult[] = [];

  test.each(cases.map((one) => [one.name, one] as const))(
    "%s",
    async (_, one) => {
      const result = await one.run();
      results.push(result);
      expect(result.error, result.worst).toBeLessThanOrEqual(result.tolerance);
    },
    60_000,
  );

  test("every golden number is compared, or named with its reason", () => {
    // float64 tensors are results too large for the manifest
    const stored = [...tensors.values()].filter(({ dtype }) => dtype === "F64");
    const inTensors = stored.reduce((sum, { data }) => sum + data.length, 0);
    const compared = results.reduce((sum, result) => sum + (result.compared ?? 0), 0);
    expect(compared).toBe(resultCounts(manifest.results).compared + inTensors);
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
