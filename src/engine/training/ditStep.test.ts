import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { randomParams } from "../../../test/randomParams";
import {
  TINY_OPTIONS,
  TINY_SHAPE,
  disposeBatch,
  tinyBatch,
  tinyValues,
} from "../../../test/tinyRun";
import { transformerParameters } from "../models/transformerInit";
import { createTrainState, disposeState } from "./trainState";
import { lossAndGradients, trainStep, type StepOptions } from "./trainStep";

const SHAPE = { ...TINY_SHAPE, family: "dit" } as const;
const OPTIONS: StepOptions = { ...TINY_OPTIONS, shape: SHAPE };
const batchOf = () => ({ ...tinyBatch(1, SHAPE), t: Float32Array.of(0, 400, 999) });

const numbersOf = (tensors: Readonly<Record<string, tf.Tensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, [...x.dataSync()]]));

/** Gradients of the whole objective at one λ. */
function gradientsAt(projCoeff: number, recompute = false) {
  const params = randomParams(tinyValues(SHAPE));
  const batch = batchOf();
  const alignment = { ...OPTIONS.alignment, projCoeff };
  const { losses, gradients } = lossAndGradients(params, batch, {
    ...OPTIONS,
    alignment,
    recompute,
  });
  const found = { ...numbersOf(gradients), ...numbersOf({ ...losses }) };
  tf.dispose([{ ...losses }, { ...gradients }, params]);
  disposeBatch(batch);
  return found;
}

test("a DiT differs from a SiT of its shape in the last linear map's rows alone", () => {
  const [dit, sit] = [transformerParameters(SHAPE), transformerParameters(TINY_SHAPE)];
  expect(Object.keys(dit)).toEqual(Object.keys(sit));
  const other = Object.keys(dit).filter(
    (name) => dit[name]?.shape.join() !== sit[name]?.shape.join(),
  );
  expect(other).toEqual(["final_layer.linear.weight", "final_layer.linear.bias"]);
});

test("the gradient of the whole is the denoising one plus λ times the alignment one", () => {
  const [none, half, one] = [gradientsAt(0), gradientsAt(0.5), gradientsAt(1)];
  const name = "blocks.0.mlp.fc1.weight";
  const [a, b, c] = [none[name] ?? [], half[name] ?? [], one[name] ?? []];
  expect(b).toBeAllClose(
    a.map((value, i) => (value + (c[i] ?? NaN)) / 2),
    { atol: 1e-7 },
  );
  expect(Math.max(...a.map((value, i) => Math.abs(value - (c[i] ?? NaN))))).toBeGreaterThan(1e-5);
});

test("recomputed blocks give the same bits", () => {
  expect(gradientsAt(0.5, true)).toEqual(gradientsAt(0.5));
});

test("steps lower the loss, leave no tensor behind, and come out the same twice", () => {
  const before = tf.memory().numTensors;
  const run = () => {
    let state = createTrainState(tinyValues(SHAPE));
    const batch = batchOf();
    const losses = Array.from({ length: 30 }, () => {
      const result = trainStep(state, batch, OPTIONS);
      state = result.state;
      const [loss = NaN] = result.logged.dataSync();
      result.logged.dispose();
      return loss;
    });
    disposeState(state);
    disposeBatch(batch);
    return losses;
  };
  const losses = run();
  expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] ?? 0));
  expect(tf.memory().numTensors).toBe(before);
  expect(run()).toEqual(losses);
});
