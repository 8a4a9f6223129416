import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { atBackwardStart, countDataBytes } from "../../../test/dataBytes";
import { randomParams } from "../../../test/randomParams";
import {
  disposeBatch,
  TINY_OPTIONS,
  TINY_SHAPE,
  tinyBatch,
  tinyValues,
} from "../../../test/tinyRun";
import { lossAndGradients, repaLoss, type LossOptions } from "../training/trainStep";
import { backward } from "./backward";
import { linear } from "./linear";
import { recompute } from "./recompute";

const SHAPE = { ...TINY_SHAPE, depth: 3, qkNorm: true };

const optionsOf = (encoderDepth: number, objective: "cosine" | "ntxent" = "cosine") =>
  ({
    ...TINY_OPTIONS,
    shape: SHAPE,
    alignment: { ...TINY_OPTIONS.alignment, encoderDepth, objective },
  }) satisfies LossOptions;

function gradientsOf(options: LossOptions) {
  const params = randomParams(tinyValues(SHAPE));
  const batch = tinyBatch(1, SHAPE);
  const before = tf.memory().numTensors;
  const { losses, gradients } = lossAndGradients(params, batch, options);
  const found = Object.fromEntries(
    Object.entries({ ...losses, ...gradients }).map(([name, x]) => [name, [...x.dataSync()]]),
  );
  tf.dispose([{ ...losses }, { ...gradients }]);
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose({ ...params });
  disposeBatch(batch);
  return found;
}

describe("a model whose blocks are recomputed", () => {
  test.each([1, 2, 3])("has the same gradients, bit for bit, with block %i aligned", (depth) => {
    const options = optionsOf(depth);
    const kept = gradientsOf(options);
    const again = gradientsOf({ ...options, recompute: true });
    expect(Object.keys(kept)).toContain("blocks.2.attn.q_norm.weight");
    expect(again).toEqual(kept);
    expect(kept["blocks.1.mlp.fc1.weight"]?.some((value) => value !== 0)).toBe(true);
  });

  test("has the same gradients with NT-Xent", () => {
    const options = optionsOf(2, "ntxent");
    expect(gradientsOf({ ...options, recompute: true })).toEqual(gradientsOf(options));
  });

  test("holds far fewer bytes when the backward pass begins", () => {
    const held = (recomputed: boolean) => {
      const params = randomParams(tinyValues(SHAPE));
      const batch = tinyBatch(1, SHAPE);
      const options = { ...optionsOf(2), recompute: recomputed };
      const loss = () => repaLoss(params, batch, options).total;
      const { bytes, value, gradients } = countDataBytes((count) => {
        let bytes = 0;
        const noted = () => atBackwardStart(loss, () => (bytes = count.held()));
        const found = backward(noted, Object.values(params));
        return { bytes, ...found };
      });
      tf.dispose([value, gradients, { ...params }]);
      disposeBatch(batch);
      return bytes;
    };
    const [kept, again] = [held(false), held(true)];
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThan(0.4 * kept);
  });
});

test("what f does not use gets a gradient of zeros, and a fault in f goes through", () => {
  const params = {
    "a.weight": tf.ones<tf.Rank.R2>([2, 2]),
    "a.bias": tf.zeros([2]),
    b: tf.ones([3]),
  };
  const x = tf.tensor2d([[1, 2]]);
  const run = () => tf.sum(recompute(params, { x }, (own, given) => linear(own, "a", given.x)));
  const { value, gradients } = backward(run, [params.b, x, params["a.bias"]]);
  expect(gradients.map((g) => g && [...g.dataSync()])).toEqual([
    [0, 0, 0],
    [2, 2],
    [1, 1],
  ]);
  const missing = () => tf.sum(recompute(params, { x }, (own) => linear(own, "c", x)));
  expect(() => backward(missing, [x])).toThrow("c.weight");
  tf.dispose([value, gradients, params, x]);
});
