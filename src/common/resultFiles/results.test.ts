import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryExperiment, arbitraryTimeline } from "../../../test/arbitraryExperiment";
import {
  exampleCheckpoint,
  exampleFacts,
  exampleGrids,
  exampleMeasurements,
  examplePoints,
  exampleRun,
  resultsBytes,
} from "../../../test/exampleResults";
import { byteSourceOf } from "../formats/byteSource";
import type { Measurement, StepPoint } from "../protocol/trainer";
import { openResults } from "./openResults";
import { contentDigest, type RunResults } from "./runResults";

const opened = async (runs: readonly RunResults[], checkpoints = true) =>
  openResults(byteSourceOf("a.zip", await resultsBytes(runs, { checkpoints })));

/** The one run of a file. */
async function oneRun(run: RunResults) {
  const { runs, notes } = await opened([run]);
  expect(notes).toEqual([]);
  const [found] = runs;
  if (!found) throw new Error("the file holds no run");
  return found;
}

/** Bits of numbers: NaN is NaN, -0 is not 0. */
const bitsOf = (points: readonly StepPoint[]) =>
  points.map((point) => [
    ...new BigUint64Array(Float64Array.from(Object.values(point).map(Number)).buffer),
  ]);

test("what a run logged, measured and drew comes back to the bit", async () => {
  const run = await oneRun(exampleRun());
  const { points, measurements } = await run.log();
  expect(points).toEqual(examplePoints);
  expect(bitsOf(points)).toEqual(bitsOf(examplePoints));
  expect(measurements).toEqual(exampleMeasurements); // toEqual tells -0 from 0
  expect(run.gridSteps).toEqual([2, 3]);
  expect(await Promise.all(run.gridSteps.map(run.grid))).toEqual(exampleGrids);
  expect(run.facts).toEqual(exampleFacts);
  expect(run.issues).toEqual([]);
});

test("what a fork was begun from, and what is other in it, travels along", async () => {
  const change = [
    { path: "alignment.projCoeff", from: 0.5, to: 0 },
    { path: "alignment.encoders", from: ["tiny-vit"], to: ["dinov2-s"] },
    { path: "optimizer.microBatch", from: null, to: 4 },
  ];
  const parent = { runId: "the-parent", step: 400, change, repeatable: true };
  expect((await oneRun(exampleRun({ facts: { parent } }))).facts.parent).toEqual(parent);
  const bare = { runId: "the-parent", step: 400 };
  expect((await oneRun(exampleRun({ facts: { parent: bare } }))).facts.parent).toEqual(bare);
});

test("checkpoints are there when they are asked for", async () => {
  const [found] = (await opened([exampleRun()])).runs;
  expect(found?.checkpoints).toEqual([{ step: 3, createdAtMs: 1500 }]);
  expect(await found?.checkpoint(3)).toEqual(exampleCheckpoint);
  const [without] = (await opened([exampleRun()], false)).runs;
  expect(without?.checkpoints).toEqual([]);
});

test("a file holds many runs, and the same runs make the same bytes", async () => {
  const runs = ["a", "b", "c"].map((id) => exampleRun({ facts: { id, name: `Run ${id}` } }));
  const { madeBy, runs: found } = await opened(runs);
  expect(madeBy).toBe("a test");
  expect(found.map(({ facts }) => facts.name)).toEqual(["Run a", "Run b", "Run c"]);
  expect(await resultsBytes(runs)).toEqual(await resultsBytes(runs));
});

const number = fc.double();
const point = fc.record({
  ...{ stepMs: number, velocityLoss: number, projLoss: number, gradNorm: number },
});
/** Some points have a column that others lack. */
const points = fc
  .array(fc.tuple(point, fc.option(number, { nil: undefined })), { maxLength: 40 })
  .map((rows) =>
    rows.map(([values, more], step): StepPoint => {
      const known = { step, ...values };
      return more === undefined ? known : { ...known, ...{ laterMetric: more } };
    }),
  );
const layer = fc.array(number, { maxLength: 6 });
const measurement = fc.oneof(
  fc.record({
    ...{ kind: fc.constant("layerAlignment" as const), step: fc.nat(100) },
    encoder: fc.constantFrom("tiny-vit", "dinov2-s"),
    ...{ imageCount: number, k: number, time: number, chance: number },
    ...{ cknna: layer, cka: layer, mutualKnn: layer },
  }),
  fc.record({
    ...{ kind: fc.constant("sampleQuality" as const), step: fc.nat(100) },
    ...{ space: fc.string({ maxLength: 20 }).map((text) => `space ${text}`) },
    ...{ sampleCount: number, pairCount: number, referenceCount: number },
    ...{ kid: number, kidLow: number, kidHigh: number, kidFloor: number },
    ...{ frechetTop: number, components: number, frechetFloor: number },
  }),
);

test("any log and any settings come back to the bit, and are told to be the same", async () => {
  const sameKey = (one: Measurement) =>
    `${one.kind}/${one.step}/${one.kind === "layerAlignment" ? one.encoder : ""}${one.kind === "sampleQuality" ? one.space : ""}`;
  const run = fc.record({
    experiment: arbitraryExperiment,
    timeline: arbitraryTimeline,
    points,
    measurements: fc.uniqueArray(measurement, { selector: sameKey, maxLength: 6 }),
  });
  const property = fc.asyncProperty(run, async ({ experiment, timeline, ...log }) => {
    const written = exampleRun({ facts: { experiment, timeline }, ...log });
    const read = await oneRun(written);
    const found = await read.log();
    expect(found.points).toEqual(log.points);
    expect(found.measurements).toHaveLength(log.measurements.length);
    expect(found.measurements).toEqual(expect.arrayContaining(log.measurements));
    expect(read.facts).toMatchObject({ experiment, timeline });
    expect(await contentDigest(read)).toBe(await contentDigest(written));
  });
  await fc.assert(property, { numRuns: 40 });
});

test("a long log is written in pieces", async () => {
  const long = Array.from({ length: 40_000 }, (_, step): StepPoint => {
    return { step, stepMs: 1, velocityLoss: 1 / (step + 1), projLoss: NaN, gradNorm: 0 };
  });
  const run = await oneRun(exampleRun({ points: long }));
  expect((await run.log()).points).toEqual(long);
});

test("what a person may change is no other content; a changed bit is", async () => {
  const digest = await contentDigest(exampleRun());
  const renamed = exampleRun({ facts: { name: "Another", phase: "finished", updatedAtMs: 9 } });
  expect(await contentDigest(renamed)).toBe(digest);
  const minusZero = examplePoints.map((one) => (one.step === 3 ? { ...one, stepMs: -0 } : one));
  expect(await contentDigest(exampleRun({ points: minusZero }))).not.toBe(digest);
  expect(await contentDigest(exampleRun({ grids: exampleGrids.slice(1) }))).not.toBe(digest);
});

test("the file that the documented Python example writes is read", async () => {
  const path = new URL("../../../test/resultFiles/fromPython.zip", import.meta.url);
  const { runs, notes } = await openResults(byteSourceOf("a.zip", await readFile(path)));
  const [run] = runs;
  expect([runs.length, notes, run?.issues]).toEqual([1, [], []]);
  expect(run?.facts).toMatchObject({
    ...{ name: "SiT-B/2 on eight cards", phase: "finished", step: 200, device: null },
    experiment: { model: { size: "B" }, optimizer: { steps: 200, batchSize: 256 } },
  });
  const { points, measurements } = (await run?.log()) ?? {};
  expect(points).toHaveLength(200);
  expect(points?.at(-1)).toEqual({
    ...{ step: 200, stepMs: 250, velocityLoss: 0.6 + Math.exp(-200 / 60) },
    ...{ projLoss: -1 + Math.exp(-200 / 90), gradNorm: NaN },
  });
  expect(measurements).toEqual([expect.objectContaining({ kind: "sampleQuality", kid: 31.5 })]);
});
