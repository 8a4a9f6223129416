import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { layerAlignment } from "../../engine/metrics/layerAlignment";
import { toMatrix } from "../../engine/metrics/matrix";
import { featureColours } from "../../engine/metrics/pcaColours";
import { probeFeaturesWork } from "../../engine/metrics/probeFeatures";
import { realReferenceWork } from "../../engine/metrics/realReference";
import { sampleBatteryWork, sampleReferenceWork } from "../../engine/metrics/sampleBattery";
import { finish } from "../../engine/metrics/work";
import type { FeatureRows, MetricsApi } from "../../common/protocol/metrics";
import { createMetricsSession } from "./metricsSession";
import { valueOf } from "../../../test/valueOf";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Every look at the clock is a slice later: work pauses after each block. */
function session(onTurn: () => void = () => undefined): MetricsApi {
  let nowMs = 0;
  return createMetricsSession({
    clockMs: () => (nowMs += 100),
    turn: () => {
      onTurn();
      return turn();
    },
  });
}

const rows = (index: number, count: number, width: number, shift = 0): FeatureRows => ({
  values: randomNormal({ seed: 1, stream: "test/rows", index }, count * width).map(
    (value) => value + shift,
  ),
  count,
  width,
});
const matrix = ({ values, count, width }: FeatureRows) => toMatrix(values, count, width);

const labels = (count: number) => Int32Array.from({ length: count }, (_, i) => i % 3);
const ALIGNMENT = {
  step: 7,
  encoder: "e",
  layers: [rows(0, 90, 6), rows(1, 90, 6)],
  target: rows(2, 90, 5),
  k: 4,
  time: 0.25,
  seed: 3,
};
const PROBE = {
  train: { features: rows(3, 60, 6), labels: labels(60) },
  test: { features: rows(4, 40, 6), labels: labels(40) },
  classCount: 3,
  epochs: 5,
  seed: 2,
};
const REAL = { pooled: rows(5, 80, 6), spatial: rows(6, 80, 9) };
const GENERATED = {
  pooled: rows(7, 30, 6, 0.5),
  spatial: rows(8, 30, 9, 0.5),
  logits: rows(9, 30, 4),
};

test("in slices the numbers are those of the arithmetic without a pause", async () => {
  const metrics = session();
  const scores = layerAlignment(ALIGNMENT.layers.map(matrix), matrix(ALIGNMENT.target), ALIGNMENT);
  expect(valueOf(await metrics.layerAlignment(ALIGNMENT))).toEqual({
    kind: "layerAlignment",
    step: 7,
    encoder: "e",
    time: 0.25,
    ...scores,
  });

  const { train, test: held } = PROBE;
  const probe = probeFeaturesWork(
    { features: matrix(train.features), labels: train.labels },
    { features: matrix(held.features), labels: held.labels },
    PROBE,
  );
  const figures = finish(probe);
  expect(valueOf(await metrics.probe(PROBE))).toEqual(figures);
  expect(figures).toMatchObject({ trainCount: 60, testCount: 40, knnK: 20, majority: 14 / 40 });

  valueOf(await metrics.setReference("space", REAL.pooled, 4));
  const quality = finish(
    finish(realReferenceWork(matrix(REAL.pooled), 4)).compare(matrix(GENERATED.pooled)),
  );
  expect(valueOf(await metrics.sampleQuality(9, GENERATED.pooled))).toEqual({
    kind: "sampleQuality",
    step: 9,
    space: "space",
    ...quality,
  });

  const tokens = rows(10, 2 * 16, 5);
  const { rgb } = featureColours(matrix(tokens));
  expect(valueOf(await metrics.tokenMaps(tokens, 4)).rgb).toEqual(rgb);
});

test("the battery has the trainer's figures in it, and what a space gives beside them", async () => {
  const metrics = session();
  valueOf(await metrics.setReference("space", REAL.pooled, 4));
  valueOf(await metrics.setBatteryReference(REAL, 4));
  const quality = valueOf(await metrics.sampleQuality(1, GENERATED.pooled));
  const found = valueOf(await metrics.sampleBattery(GENERATED));
  expect({ ...quality, ...found }).toEqual({ ...found, ...quality });
  const reference = finish(
    sampleReferenceWork({ pooled: matrix(REAL.pooled), spatial: matrix(REAL.spatial) }, 4),
  );
  const generated = {
    pooled: matrix(GENERATED.pooled),
    spatial: matrix(GENERATED.spatial),
    logits: matrix(GENERATED.logits),
  };
  expect(found).toEqual(finish(sampleBatteryWork(reference, generated)));
  expect(found).toMatchObject({ width: 6, fullTrusted: true, pairCount: 30 });
  expect(found.cmmd).toBeGreaterThan(10 * Math.abs(found.cmmdReal));
  expect(found.coverage.coverage).toBeLessThan(found.coverageReal.coverage);
  expect(found.sfid).toBeGreaterThan(found.frechetFull);
  expect(found.inceptionScore?.mean).toBeGreaterThan(1);
  const plain = valueOf(await metrics.sampleBattery({ pooled: GENERATED.pooled }));
  expect(plain).toMatchObject({ sfid: null, inceptionScore: null, kid: found.kid });
});

test("progress arrives while the work goes on, and never goes back", async () => {
  const shares: number[] = [];
  await session().layerAlignment(ALIGNMENT, (done, all) => shares.push(done / all));
  expect(shares.length).toBeGreaterThan(5);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
});

test("a clock that stands still gives one slice, without turns and reports", async () => {
  const metrics = createMetricsSession({
    clockMs: () => 0,
    turn: () => Promise.reject(new Error("a turn was given")),
  });
  const shares: number[] = [];
  valueOf(await metrics.layerAlignment(ALIGNMENT, (done) => shares.push(done)));
  expect(shares).toEqual([]);
});

test("a cancel ends the call under way and those waiting; a later one is computed", async () => {
  const metrics = session();
  let reports = 0;
  const first = metrics.probe(PROBE, () => {
    if (++reports === 2) void metrics.cancel();
  });
  const waiting = metrics.layerAlignment(ALIGNMENT);
  for (const outcome of await Promise.all([first, waiting])) {
    expect(outcome).toMatchObject({ ok: false, failure: { code: "CANCELLED" } });
  }
  expect(reports).toBe(2);
  expect((await metrics.layerAlignment(ALIGNMENT)).ok).toBe(true);
});

test("two lines take turns, and the cancel of one leaves the other alone", async () => {
  const turns: string[] = [];
  const [trainer, analysis] = [session(() => turns.push("t")), session(() => turns.push("a"))];
  const kept = trainer.layerAlignment(ALIGNMENT);
  const ended = analysis.layerAlignment(ALIGNMENT, (done, all) => {
    if (done / all > 0.5) void analysis.cancel();
  });
  expect((await ended).ok).toBe(false);
  expect(valueOf(await kept)).toEqual(valueOf(await session().layerAlignment(ALIGNMENT)));
  const switches = turns.filter((name, i) => i > 0 && name !== turns[i - 1]);
  expect(switches.length).toBeGreaterThan(5);
});

test("what cannot be measured is the call's failure, and the line goes on", async () => {
  const metrics = session();
  expect(await metrics.sampleBattery(GENERATED)).toMatchObject({
    ok: false,
    failure: { code: "CACHE_MISSING" },
  });
  expect(await metrics.layerAlignment({ ...ALIGNMENT, k: 90 })).toMatchObject({
    ok: false,
    failure: { code: "OUT_OF_RANGE" },
  });
  expect((await metrics.layerAlignment(ALIGNMENT)).ok).toBe(true);
});
