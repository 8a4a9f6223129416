import { expect, test } from "vitest";
import {
  CONFLICT_METRICS,
  LAYER_METRICS,
  SAMPLE_METRICS,
  STEP_METRICS,
  type LiveMetric,
} from "./liveMetrics";

const ALL: readonly LiveMetric[] = [
  ...STEP_METRICS,
  ...SAMPLE_METRICS,
  ...LAYER_METRICS,
  ...CONFLICT_METRICS,
];

test("no two metrics share an id or a title", () => {
  const ids = [...ALL.map(({ id }) => id), ...SAMPLE_METRICS.flatMap(({ beside }) => beside)];
  expect(new Set(ids).size).toBe(ids.length);
  const titles = ALL.flatMap(({ chart }) => chart?.title ?? []);
  expect(new Set(titles).size).toBe(titles.length);
});

test("interval and floor of a sample metric are among its own numbers", () => {
  for (const { beside, interval = [], floor } of SAMPLE_METRICS) {
    for (const id of [...interval, ...(floor ? [floor.id] : [])]) expect(beside).toContain(id);
  }
});

// a training step returns its numbers in this order (src/engine/training/trainStep.ts), and logs of every version
// have these keys
test("ids that stored logs have are kept, those of a step in their order", () => {
  const stepIds = STEP_METRICS.map(({ id }) => id);
  expect(stepIds.slice(0, 3)).toEqual(["velocityLoss", "projLoss", "gradNorm"]);
  expect(ALL.map(({ id }) => id)).toEqual(
    expect.arrayContaining(["kid", "frechetTop", "cknna", "cka", "mutualKnn", "cosine"]),
  );
});
