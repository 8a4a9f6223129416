import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { queryRows, slicedAttention } from "./slicedAttention";

const SHAPE: [number, number, number] = [2, 13, 5];
const tokens = (stream: string): Tensor3D =>
  tf.tensor3d(randomNormal({ seed: 5, stream }, 2 * 13 * 5), SHAPE);

test("slices of one, four and all rows give what the whole gives, and leave nothing else", () => {
  const [q, k, v] = [tokens("q"), tokens("k"), tokens("v")];
  const whole = slicedAttention(q, k, v, Infinity);
  for (const rows of [1, 4, 12]) {
    const scoreBytes = rows * 2 * 13 * 4;
    expect(queryRows(2, 13, scoreBytes)).toBe(rows);
    const before = tf.memory().numTensors;
    const slices = slicedAttention(q, k, v, scoreBytes);
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(slices.dataSync()).toBeAllClose(whole.dataSync(), { atol: 1e-6, rtol: 0 });
  }
});

test("a row is passed even when its scores are over the bound", () => {
  expect(queryRows(4, 1024, 1)).toBe(1);
});
