import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  disposeBatch,
  TINY_OPTIONS,
  TINY_SHAPE,
  tinyBatch,
  tinyProjector,
  tinyValues,
} from "../../../test/tinyRun";
import type { ParamMap } from "../nn/params";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint";
import { createTrainState, disposeState, extendTrainState, type TrainState } from "./trainState";
import { trainStep, type StepOptions, type TrainBatch } from "./trainStep";
import { Experiment } from "../../common/config/experiment";

function steps(state: TrainState, batch: TrainBatch, count: number, options = TINY_OPTIONS) {
  let current = state;
  const losses: number[][] = [];
  for (let i = 0; i < count; i++) {
    const { state: next, logged } = trainStep(current, batch, options);
    losses.push([...logged.dataSync()]);
    logged.dispose();
    current = next;
  }
  return { state: current, losses };
}

const valuesOf = (params: ParamMap) =>
  Object.fromEntries(Object.entries(params).map(([name, p]) => [name, [...p.dataSync()]]));

const withAlignment = (change: Partial<StepOptions["alignment"]>): StepOptions => ({
  ...TINY_OPTIONS,
  alignment: { ...TINY_OPTIONS.alignment, ...change },
});

test("steps keep the tensor count and leave nothing when all is disposed", () => {
  const before = tf.memory().numTensors;
  const batch = tinyBatch();
  const first = steps(createTrainState(tinyValues()), batch, 1);
  const held = tf.memory().numTensors;
  const { state } = steps(first.state, batch, 5);
  expect(tf.memory().numTensors).toBe(held);
  disposeState(state);
  disposeBatch(batch);
  expect(tf.memory().numTensors).toBe(before);
});

test("training lowers both losses on one batch", () => {
  const batch = tinyBatch();
  const { state, losses } = steps(createTrainState(tinyValues()), batch, 40);
  const [first = [], last = []] = [losses[0], losses.at(-1)];
  expect(last[0]).toBeLessThan(0.9 * (first[0] ?? 0));
  expect(last[1]).toBeLessThan((first[1] ?? 0) - 0.2);
  disposeState(state);
  disposeBatch(batch);
});

test("two runs from one seed are bitwise equal after 20 steps", () => {
  const run = () => {
    const batch = tinyBatch();
    const { state } = steps(createTrainState(tinyValues()), batch, 20);
    const values = valuesOf(state.params);
    disposeState(state);
    disposeBatch(batch);
    return values;
  };
  expect(run()).toEqual(run());
});

test("a run resumed from a checkpoint's bytes goes on bitwise as the uninterrupted one", async () => {
  const batch = tinyBatch();
  const whole = steps(createTrainState(tinyValues()), batch, 6).state;
  const half = steps(createTrainState(tinyValues()), batch, 3).state;
  const info = { experiment: Experiment.parse({}), timeline: [], projectors: [] };
  const bytes = await encodeCheckpoint(half, info);
  const resumed = steps(decodeCheckpoint(bytes).state, batch, 3).state;
  expect(resumed.step).toBe(6);
  expect(valuesOf(resumed.params)).toEqual(valuesOf(whole.params));
  expect(valuesOf(resumed.ema)).toEqual(valuesOf(whole.ema));
  for (const state of [whole, half, resumed]) disposeState(state);
  disposeBatch(batch);
});

test("at λ = 0 the alignment is logged but moves no parameter", () => {
  const batch = tinyBatch();
  const run = (batchUsed: TrainBatch) => {
    const options = withAlignment({ projCoeff: 0 });
    const result = steps(createTrainState(tinyValues()), batchUsed, 3, options);
    const values = valuesOf(result.state.params);
    disposeState(result.state);
    return { values, proj: result.losses[0]?.[1] };
  };
  const other = { ...batch, features: batch.features.map((z) => tf.neg(z)) };
  const [one, two] = [run(batch), run(other)];
  expect(one.proj).not.toBe(0);
  expect(two.proj).toBeCloseTo(-(one.proj ?? NaN), 5);
  expect(two.values).toEqual(one.values);
  tf.dispose(other.features);
  disposeBatch(batch);
});

test("weight decay and moments leave the projector of an inactive encoder alone", () => {
  const batch = tinyBatch(1);
  const options: StepOptions = {
    ...withAlignment({ projectors: [1] }),
    adamW: { ...TINY_OPTIONS.adamW, weightDecay: 0.1 },
  };
  const start = extendTrainState(createTrainState(tinyValues()), tinyProjector(1));
  const before = valuesOf(start.params);
  const { state } = steps(start, batch, 2, options);
  const after = valuesOf(state.params);
  expect(after["projectors.0.0.weight"]).toEqual(before["projectors.0.0.weight"]);
  expect(after["projectors.1.0.weight"]).not.toEqual(before["projectors.1.0.weight"]);
  expect(after.pos_embed).toEqual(before.pos_embed);
  disposeState(state);
  disposeBatch(batch);
});

test("several encoders are a mean: the same target twice is the loss of one", () => {
  const batch = tinyBatch(1);
  const twice = { ...batch, features: [...batch.features, ...batch.features] };
  const both = { ...tinyValues(), ...tinyProjector(1, "encoder-0") };
  const one = steps(createTrainState(tinyValues()), batch, 1);
  const two = steps(createTrainState(both), twice, 1, withAlignment({ projectors: [0, 1] }));
  expect(two.losses[0]?.[1]).toBeCloseTo(one.losses[0]?.[1] ?? NaN, 6);
  disposeState(one.state);
  disposeState(two.state);
  disposeBatch(batch);
});

test("NT-Xent and the cosine path train too", () => {
  const batch = tinyBatch();
  const options = { ...withAlignment({ objective: "ntxent" as const }), path: "cosine" as const };
  const { state, losses } = steps(createTrainState(tinyValues()), batch, 30, options);
  expect(losses.at(-1)?.[1]).toBeLessThan(losses[0]?.[1] ?? 0);
  disposeState(state);
  disposeBatch(batch);
});

test("an alignment depth without a block is refused with its number, and the state stays valid", () => {
  const batch = tinyBatch();
  const state = createTrainState(tinyValues());
  const before = tf.memory().numTensors;
  for (const encoderDepth of [0, TINY_SHAPE.depth + 1]) {
    const options = withAlignment({ encoderDepth });
    expect(() => trainStep(state, batch, options)).toThrow(`depth ${encoderDepth}`);
  }
  expect(tf.memory().numTensors).toBe(before);
  disposeState(steps(state, batch, 1).state);
  disposeBatch(batch);
});
