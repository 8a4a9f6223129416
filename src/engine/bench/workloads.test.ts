import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { isFrozen } from "../models/transformerInit";
import { largestDifference } from "./agreement";
import { runInterleaved } from "./harness";
import { stepFloor } from "./roofline";
import { createTrainerVariant, sumByName } from "./trainerVariant";
import { createPlainTrainer } from "../training/trainer";
import {
  FULL_SIZE_WORKLOADS,
  workloadBatch,
  workloadById,
  WORKLOADS,
  workloadValues,
  type Workload,
} from "./workloads";

/** The reference workload made small enough for the cpu backend. */
const small: Workload = {
  ...workloadById("reference"),
  shape: { ...workloadById("reference").shape, inputSide: 4, width: 8, depth: 2, numHeads: 2 },
  projectorWidth: 8,
  featureWidth: 6,
  encoderDepth: 1,
  batch: 3,
};

test("the floor counts the parameters that are trained", () => {
  for (const workload of [small, workloadById("reference")]) {
    const trained = Object.entries(workloadValues(workload)).filter(([name]) => !isFrozen(name));
    const scalars = trained.reduce((sum, [, { values }]) => sum + values.length, 0);
    expect(stepFloor(workload).parameters).toBe(scalars);
  }
});

test("the floor's operations are those counted by hand", () => {
  const [rows, batch, width, tokens] = [12, 3, 8, 4];
  const block = 12 * width ** 2 * rows + 6 * width ** 2 * batch; // multiply-adds forward
  const withInput = 2 * block + width ** 2 * batch + 2 * width ** 2 * batch;
  const head = rows * (16 * width) + rows * (8 * 8 + 8 * 8 + 8 * 6);
  const data = rows * 16 * width + batch * 256 * width; // no gradient of latents and times
  const attention = 2 * 6 * batch * tokens ** 2 * width;
  expect(stepFloor(small).flops).toBe(2 * (3 * (withInput + head) + 2 * data + attention));
});

test("every workload's heads divide its width, and its alignment reads a block it has", () => {
  for (const { shape, encoderDepth } of [...WORKLOADS, ...FULL_SIZE_WORKLOADS]) {
    expect(shape.width % shape.numHeads).toBe(0);
    expect(encoderDepth).toBeLessThanOrEqual(shape.depth);
  }
  expect(() => workloadById("huge")).toThrow('no workload "huge"');
});

test("the whole models are known by name, and no run of all workloads takes them", () => {
  expect(workloadById("s2")).toMatchObject({ batch: 32, shape: { width: 384, depth: 12 } });
  expect(workloadById("b2")).toMatchObject({ batch: 16, shape: { width: 768, depth: 12 } });
  // 130 M of SiT-B/2 with 1,000 classes, and the projector 768 -> 2048 -> 2048 -> 768
  expect(stepFloor(workloadById("b2")).parameters / 1e6).toBeCloseTo(137.4, 0);
  const all = WORKLOADS.map(({ id }) => id);
  expect(FULL_SIZE_WORKLOADS.some(({ id }) => all.includes(id))).toBe(false);
});

test("two variants of one workload do the same steps in turn, and leave no tensor", async () => {
  const before = tf.memory().numTensors;
  let now = 0;
  const lines: string[] = [];
  const make = (name: string) =>
    createTrainerVariant({
      open: createPlainTrainer,
      name,
      workload: small,
      prepare: () => Promise.resolve(),
      clockMs: () => now++,
    });
  const variants = [await make("one"), await make("other")];
  const results = await runInterleaved(
    variants,
    { warmUp: 1, steps: 2 },
    { clockMs: () => now++, heapBytes: () => null, report: (line) => lines.push(line) },
  );
  const [one, other] = results;
  expect(one?.losses).toHaveLength(3);
  expect(new Set(one?.losses.map(([velocity]) => velocity)).size).toBe(3);
  expect(other?.losses).toEqual(one?.losses);
  expect(other?.difference).toBe(0);
  expect(one?.stepMs.median).toBe(3); // three clock readings lie between start and end
  expect(lines).toHaveLength(3);
  for (const variant of variants) variant.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("a burst does the steps that single ones would, on the batches and values it is given", async () => {
  const before = tf.memory().numTensors;
  const values = workloadValues(small);
  const batches = [workloadBatch(small, 0), workloadBatch(small, 1)];
  const make = () =>
    createTrainerVariant({
      open: createPlainTrainer,
      name: "plain",
      workload: small,
      prepare: () => Promise.resolve(),
      clockMs: () => performance.now(),
      values,
      batchOf: (step) => batches[step % 2] ?? workloadBatch(small, 0),
    });
  const [single, burst] = [await make(), await make()];
  for (let i = 0; i < 3; i++) await single.step();
  const fourth = await single.step();
  const timed = await burst.burst?.(4);
  expect(timed?.losses).toEqual(fourth.losses);
  expect(timed?.ms).toBeGreaterThan(0);
  expect(timed?.jsMs).toBeLessThanOrEqual(timed?.ms ?? 0);
  single.dispose();
  burst.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("a loss that is off or not a number is seen", () => {
  const same = [
    [2, -0.5, 1],
    [1, -0.5, 1],
  ] as const;
  expect(largestDifference(same, same)).toBe(0);
  expect(largestDifference([[2.2, -0.5, 1]], same)).toBeCloseTo(0.1);
  expect(largestDifference([[2, -0.25, 1]], same)).toBe(0.25);
  expect(largestDifference([[NaN, -0.5, 1]], same)).toBeNaN();
  expect(largestDifference([...same.slice(0, 1), [9, -0.5, 1]], same, 1)).toBe(0);
});

test("kernel times of one name are added, the longest first", () => {
  const times = [
    { name: "a", ms: 1 },
    { name: "b", ms: 3 },
    { name: "a", ms: 1 },
  ];
  expect(sumByName(times)).toEqual([
    { name: "b", ms: 3, calls: 1 },
    { name: "a", ms: 2, calls: 2 },
  ]);
});
