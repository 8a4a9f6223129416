import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  disposeBatch,
  TINY_OPTIONS,
  TINY_SHAPE,
  tinyBatch,
  tinyValues,
} from "../../../test/tinyRun";
import { randomParams } from "../../../test/randomParams";
import { createTrainState, disposeState } from "./trainState";
import {
  accumulatedGradients,
  lossAndGradients,
  trainStep,
  type LossesAndGradients,
  type LossOptions,
} from "./trainStep";

const numbersOf = ({ losses, gradients }: LossesAndGradients) =>
  Object.fromEntries(
    Object.entries({ ...losses, ...gradients }).map(([name, x]) => [name, [...x.dataSync()]]),
  );

/** |a - b| over |b|, both as vectors. */
function distance(a: readonly number[], b: readonly number[]): number {
  const norm = (values: readonly number[]) => Math.hypot(...values);
  return norm(a.map((value, i) => value - (b[i] ?? NaN))) / Math.max(norm(b), 1e-30);
}

function compare(options: LossOptions, size: number) {
  const weights = randomParams();
  const batch = tinyBatch(1);
  const whole = lossAndGradients(weights, batch, options);
  const parts = accumulatedGradients(weights, batch, options, size);
  const [a, b] = [numbersOf(parts), numbersOf(whole)];
  tf.dispose([
    { ...whole.losses },
    { ...whole.gradients },
    { ...parts.losses },
    { ...parts.gradients },
    { ...weights },
  ]);
  disposeBatch(batch);
  return Object.keys(b).map((name) => distance(a[name] ?? [], b[name] ?? []));
}

const withObjective = (objective: "cosine" | "ntxent"): LossOptions => ({
  ...TINY_OPTIONS,
  alignment: { ...TINY_OPTIONS.alignment, objective },
});

describe("gradients accumulated over micro-batches", () => {
  test("are the whole batch's, and so are the losses, for velocity and cosine", () => {
    const before = tf.memory().numTensors;
    const errors = compare(withObjective("cosine"), 1);
    expect(errors.length).toBeGreaterThan(30);
    expect(Math.max(...errors)).toBeLessThan(1e-6);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("differ for NT-Xent, whose candidates are the micro-batch's", () => {
    expect(Math.max(...compare(withObjective("ntxent"), 1))).toBeGreaterThan(0.01);
  });

  test("of one micro-batch are the same bits", () => {
    expect(Math.max(...compare(withObjective("ntxent"), 3))).toBe(0);
  });
});

test("a step in micro-batches is the step, keeps the tensor count, and refuses a rest", () => {
  const batch = tinyBatch();
  const step = (microBatch: number | null) => {
    const start = createTrainState(tinyValues());
    const held = tf.memory().numTensors;
    const { state, logged } = trainStep(start, batch, { ...TINY_OPTIONS, microBatch });
    const numbers = [...logged.dataSync()];
    logged.dispose();
    expect(tf.memory().numTensors).toBe(held);
    disposeState(state);
    return numbers;
  };
  expect(distance(step(1), step(null))).toBeLessThan(1e-6);
  const state = createTrainState(tinyValues());
  const held = tf.memory().numTensors;
  expect(() => trainStep(state, batch, { ...TINY_OPTIONS, microBatch: 2 })).toThrow(
    "does not divide",
  );
  expect(tf.memory().numTensors).toBe(held);
  disposeState(state);
  disposeBatch(batch);
});

test("a fault in a later micro-batch leaves nothing behind", () => {
  const batch = tinyBatch();
  const broken = { ...batch, labels: Int32Array.of(0, 1, 2), t: batch.t.subarray(0, 2) };
  const weights = randomParams();
  const held = tf.memory().numTensors;
  expect(() =>
    tf.tidy(() => {
      accumulatedGradients(weights, broken, TINY_OPTIONS, 1);
      return [];
    }),
  ).toThrow(`${TINY_SHAPE.inputSide}`);
  expect(tf.memory().numTensors).toBeLessThanOrEqual(held);
  tf.dispose({ ...weights });
  disposeBatch(batch);
});
