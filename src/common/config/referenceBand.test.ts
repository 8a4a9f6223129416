import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Experiment } from "./experiment";
import { presetById } from "./presets";
import { bandPresetOf, PRESETS_WITH_BAND, ReferenceBand } from "./referenceBand";

const changed = (id: string, change: (experiment: Experiment) => Experiment) =>
  bandPresetOf(change(presetById(id).experiment));

test("an experiment is its preset's whatever its seed, length and cadence", () => {
  for (const id of PRESETS_WITH_BAND) {
    expect(bandPresetOf(presetById(id).experiment)).toBe(id);
    const longer = changed(id, (e) => ({
      ...e,
      optimizer: { ...e.optimizer, seed: 7, steps: 300, recompute: true },
      evaluation: { ...e.evaluation, metricsEvery: 50 },
    }));
    expect(longer).toBe(id);
  }
});

test("an experiment that learns differently has no band", () => {
  const learningRate = changed("first-minute", (e) => ({
    ...e,
    optimizer: { ...e.optimizer, learningRate: 2e-3 },
  }));
  expect(learningRate).toBeUndefined();
  expect(bandPresetOf(Experiment.parse({}))).toBeUndefined();
});

test.each(PRESETS_WITH_BAND)("the band of %s is one of several runs of it", (id) => {
  const band = ReferenceBand.parse(JSON.parse(readFileSync(`public/bands/${id}.json`, "utf8")));
  expect(band.preset).toBe(id);
  expect(new Set(band.runs.map(({ seed }) => seed)).size).toBe(band.runs.length);
  const curves = [band.velocityLoss, band.projLoss, band.gradNorm, band.kid, band.frechetTop];
  for (const ranges of [...curves, ...band.cknna]) {
    expect(ranges.length).toBeGreaterThan(0);
    expect(ranges.every(([, low, high]) => low <= high)).toBe(true);
    expect(ranges.every(([step], at) => step > (ranges[at - 1]?.[0] ?? 0))).toBe(true);
  }
});
