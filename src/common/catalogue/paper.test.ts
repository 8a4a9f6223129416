import { expect, test } from "vitest";
import {
  COMPONENT_ANALYSIS,
  GUIDANCE_INTERVAL,
  GUIDANCE_SCALE,
  LAMBDA,
  MODEL_SCALE,
  PAPER_METRICS,
  PAPER_SOURCE,
  SYSTEM_LEVEL,
  TRAINING_COURSE,
  type PaperMetric,
  type PaperScores,
} from "./paper";

const METRICS = Object.keys(PAPER_METRICS) as PaperMetric[];
const SHARES: readonly PaperMetric[] = ["precision", "recall"];
const IMAGES_AN_EPOCH = 1_281_167;

const allScores: readonly PaperScores[] = [
  ...COMPONENT_ANALYSIS.rows,
  ...SYSTEM_LEVEL.rows,
  ...TRAINING_COURSE.rows,
  ...GUIDANCE_SCALE.rows,
  ...GUIDANCE_INTERVAL.rows,
].map((row) => row.scores);

const epochsOf = (iterations: number) => (iterations * PAPER_SOURCE.batchSize) / IMAGES_AN_EPOCH;

test("every row has an FID and only values its metric can have", () => {
  for (const row of allScores) {
    expect(row.fid).toBeGreaterThan(1);
    for (const metric of METRICS) {
      const value = row[metric];
      if (value === null) continue;
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(SHARES.includes(metric) ? 1 : 1000);
    }
  }
  const scored = new Set(allScores.flatMap((row) => METRICS.filter((m) => row[m] !== null)));
  expect(scored.size).toBe(METRICS.length);
});

test("the system-level table names every baseline, with epochs wherever the paper prints them", () => {
  const baselines = SYSTEM_LEVEL.rows.filter(({ aligned }) => !aligned).map(({ model }) => model);
  expect(baselines).toEqual([
    "ADM-U",
    "VDM++",
    "Simple diffusion",
    "CDM",
    "LDM-4",
    "U-ViT-H/2",
    "DiffiT",
    "MDTv2-XL/2",
    "MaskDiT",
    "SD-DiT",
    "DiT-XL/2",
    "SiT-XL/2",
  ]);
  const without = SYSTEM_LEVEL.rows.filter(({ epochs }) => epochs === null);
  expect(without.map(({ model }) => model)).toEqual(["DiffiT"]);
});

test("headline: over 17.5 times faster than 7M steps of vanilla SiT-XL/2", () => {
  const of = (aligned: boolean) =>
    MODEL_SCALE.rows.filter((row) => row.model === "SiT-XL/2" && row.aligned === aligned);
  const vanilla = of(false).reduce((best, row) => (row.fid < best.fid ? row : best));
  const enough = of(true).filter(({ fid }) => fid <= vanilla.fid);
  const fastest = Math.min(...enough.map(({ iterations }) => iterations));
  expect(vanilla.iterations / fastest).toBe(17.5);
});

test("headline: FID 1.42 with a guidance interval is the best of all systems, the interval table's best too", () => {
  const best = SYSTEM_LEVEL.rows.reduce((a, b) =>
    (b.scores.fid ?? 0) < (a.scores.fid ?? 0) ? b : a,
  );
  expect(best).toMatchObject({ aligned: true, marked: true, scores: { fid: 1.42 } });
  const interval = GUIDANCE_INTERVAL.rows.find(({ scores }) => scores.fid === 1.42);
  expect(interval).toMatchObject({ scale: 1.8, interval: [0, 0.7] });
  // the two tables print another recall: 0.65 and 0.64
  expect({ ...interval?.scores, recall: 0.65 }).toEqual(best.scores);
  const fids = GUIDANCE_INTERVAL.rows.map(({ scores }) => scores.fid);
  expect(Math.min(...fids.map(Number))).toBe(1.42);
});

test("epochs of the system table are the other tables' iterations at a batch of 256", () => {
  expect(epochsOf(7_000_000)).toBeCloseTo(1400, -1);
  expect(epochsOf(4_000_000)).toBeCloseTo(800, -1);
  expect(epochsOf(1_000_000)).toBeCloseTo(200, -1);
});

test("a value printed in two tables is one value", () => {
  const system = SYSTEM_LEVEL.rows.find(({ aligned, epochs }) => aligned && epochs === 800);
  const scale = GUIDANCE_SCALE.rows.find((row) => row.scale === 1.35);
  expect(scale?.scores).toEqual(system?.scores);
  const vanilla = SYSTEM_LEVEL.rows.find(({ model }) => model === "SiT-XL/2");
  expect(GUIDANCE_SCALE.rows[0]?.scores).toEqual(vanilla?.scores);
  const chosen = LAMBDA.rows.find(({ projCoeff }) => projCoeff === 0.5);
  const course = TRAINING_COURSE.rows.find(
    (row) => row.model === "SiT-XL/2" && row.aligned && row.iterations === 400_000,
  );
  expect(course?.scores).toMatchObject({
    fid: chosen?.fid,
    inceptionScore: chosen?.inceptionScore,
  });
  const baseline = COMPONENT_ANALYSIS.rows.find(({ study }) => study === "baseline");
  const large = TRAINING_COURSE.rows.find(({ model, aligned }) => model === "SiT-L/2" && !aligned);
  expect(large?.scores).toEqual(baseline?.scores);
  // one pair differs on purpose: Table 7 aligns SiT-L/2 by cosine, Table 3 by NT-Xent
  const differing = TRAINING_COURSE.rows.filter((row) =>
    MODEL_SCALE.rows.some(
      (other) =>
        other.model === row.model &&
        other.aligned === row.aligned &&
        other.iterations === row.iterations &&
        other.fid !== row.scores.fid,
    ),
  );
  expect(differing).toMatchObject([{ model: "SiT-L/2", aligned: true, iterations: 400_000 }]);
});

test("every alignment helps, and deeper taps trade FID for probe accuracy", () => {
  const [baseline, ...rows] = COMPONENT_ANALYSIS.rows;
  for (const { scores } of rows) expect(scores.fid).toBeLessThan(baseline?.scores.fid ?? 0);
  const depths = rows.filter(({ study, depth }) => study === "depth" && (depth ?? 0) >= 8);
  const column = (metric: PaperMetric) => depths.map(({ scores }) => Number(scores[metric]));
  expect(column("fid")).toEqual(column("fid").toSorted((a, b) => a - b));
  expect(column("probeAccuracy")).toEqual(column("probeAccuracy").toSorted((a, b) => a - b));
});
