import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { inImageChunks } from "./imageChunks";

test("chunks of any size give the whole batch's result, and leave nothing else", () => {
  const batch = tf.reshape<tf.Rank.R4>(tf.range(0, 40), [5, 2, 2, 2]);
  const before = tf.memory().numTensors;
  for (const atOnce of [1, 2, 3, 5, 32]) {
    const sizes: number[] = [];
    const { twice, root } = inImageChunks(batch, atOnce, (images) => {
      sizes.push(images.shape[0]);
      return { twice: tf.mul<Tensor4D>(images, 2), root: tf.sqrt(tf.abs(images)) };
    });
    expect(Math.max(...sizes)).toBe(Math.min(atOnce, 5));
    expect(twice.dataSync()).toEqual(tf.mul(batch, 2).dataSync());
    expect(root.shape).toEqual(batch.shape);
    tf.dispose([twice, root]);
  }
  expect(tf.memory().numTensors).toBe(before + 5); // what is compared with
});
