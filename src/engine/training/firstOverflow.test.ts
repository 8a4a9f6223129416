import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { disposeBatch, TINY_OPTIONS, tinyBatch, tinyValues } from "../../../test/tinyRun";
import type { ParamMap } from "../nn/params";
import { firstOverflow, type Overflow } from "./firstOverflow";
import { createTrainState, disposeState, type TrainState } from "./trainState";
import type { StepOptions, TrainBatch } from "./trainStep";

let state: TrainState;
let batch: TrainBatch;
let before: number;
beforeEach(() => {
  before = tf.memory().numTensors;
  state = createTrainState(tinyValues());
  batch = tinyBatch();
});
afterEach(() => {
  disposeState(state);
  disposeBatch(batch);
  expect(tf.memory().numTensors).toBe(before);
});

/** What is found with one number of a parameter set to `value`. */
async function foundWith(
  name: string,
  value: number,
  options: StepOptions = TINY_OPTIONS,
): Promise<Overflow | null> {
  const known = state.params[name];
  if (!known) throw new Error(`no parameter "${name}"`);
  const numbers = await known.data<"float32">();
  const changed = tf.tensor(Float32Array.from(numbers).fill(value, 0, 1), known.shape);
  const params: ParamMap = { ...state.params, [name]: changed };
  return firstOverflow(params, batch, options).finally(() => changed.dispose());
}

test("a step of finite numbers has no overflow, whole or in micro-batches", async () => {
  expect(await firstOverflow(state.params, batch, TINY_OPTIONS)).toBeNull();
  expect(await firstOverflow(state.params, batch, { ...TINY_OPTIONS, microBatch: 1 })).toBeNull();
});

test("a parameter that is no number before the step is named", async () => {
  const found = await foundWith("blocks.1.attn.qkv.weight", NaN);
  expect(found).toEqual({ of: "parameter", name: "blocks.1.attn.qkv.weight", images: null });
});

test("the first part of the network that overflows is named, with the times of its images", async () => {
  const found = await foundWith("blocks.1.adaLN_modulation.1.bias", 3e38); // the shift of the attention's input
  expect(found).toEqual({
    of: "activation",
    name: "blocks.1.attn",
    images: { times: [...batch.t], of: 3 },
  });
});

test("an image alone is found among the others, in its micro-batch too", async () => {
  const values = await batch.latents.data<"float32">();
  const spoilt = Float32Array.from(values);
  spoilt[spoilt.length - 1] = Infinity; // of the third image
  const latents = tf.tensor4d(spoilt, batch.latents.shape);
  for (const microBatch of [null, 1]) {
    const options = { ...TINY_OPTIONS, microBatch };
    const found = await firstOverflow(state.params, { ...batch, latents }, options);
    expect(found).toEqual({
      of: "activation",
      name: "latents",
      images: { times: [batch.t[2]], of: 3 },
    });
  }
  latents.dispose();
});

test("a loss that overflows behind finite activations is named", async () => {
  const found = await foundWith("final_layer.linear.bias", 1e30); // its square is none
  expect(found).toEqual({ of: "loss", name: "denoising loss", images: null });
});

test("the first gradient that overflows is named; where none does, their norm", async () => {
  const withWeight = (projCoeff: number, temperature: number): StepOptions => ({
    ...TINY_OPTIONS,
    alignment: { ...TINY_OPTIONS.alignment, objective: "ntxent", projCoeff, temperature },
  });
  expect(await firstOverflow(state.params, batch, withWeight(3e38, 1e-3))).toEqual({
    of: "gradient",
    name: "projectors.0.4.bias",
    images: null,
  });
  expect(await firstOverflow(state.params, batch, withWeight(1e25, 1))).toEqual({
    of: "norm",
    name: "gradient norm",
    images: null,
  });
});
