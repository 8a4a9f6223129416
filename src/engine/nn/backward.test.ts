import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { countDataBytes } from "../../../test/dataBytes";
import { disposeBatch, TINY_OPTIONS, tinyBatch } from "../../../test/tinyRun";
import { randomParams } from "../../../test/randomParams";
import { repaLoss } from "../training/trainStep";
import { backward } from "./backward";

const numbers = (x: tf.Tensor | undefined) => (x ? [...x.dataSync()] : undefined);

/** A whole REPA loss of the tiny model, so that every operation of a step is on the tape. */
function tinyLoss() {
  const params = randomParams();
  const batch = tinyBatch();
  const trained = Object.values(params).filter((x) => x !== params.pos_embed);
  return {
    trained,
    loss: () => repaLoss(params, batch, TINY_OPTIONS).total,
    dispose: () => {
      tf.dispose({ ...params });
      disposeBatch(batch);
    },
  };
}

describe("backward", () => {
  test("gives the engine's gradients bit for bit, and leaves nothing", () => {
    const { trained, loss, dispose } = tinyLoss();
    const held = tf.memory().numTensors;
    const engine = tf.engine().gradients(loss, trained);
    const ours = backward(loss, trained);
    expect(numbers(ours.value)).toEqual(numbers(engine.value));
    expect(ours.gradients.map(numbers)).toEqual(engine.grads.map(numbers));
    tf.dispose([engine.value, engine.grads, ours.value, ours.gradients]);
    expect(tf.memory().numTensors).toBe(held);
    dispose();
  });

  test("holds fewer bytes at its peak than the engine, which frees nothing before the end", () => {
    const { trained, loss, dispose } = tinyLoss();
    const peak = (run: () => void) =>
      countDataBytes((bytes) => {
        tf.tidy(run);
        return bytes.peak();
      });
    const engine = peak(() => void tf.engine().gradients(loss, trained));
    const ours = peak(() => void backward(loss, trained));
    expect(ours).toBeLessThan(0.75 * engine);
    dispose();
  });

  test("multiplies by dy, which stays the caller's, and knows what f does not depend on", () => {
    const [x, other, dy] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([1]), tf.tensor1d([1, 0, -2])];
    const { value, gradients } = backward(() => tf.square(x), [x, other], dy);
    expect(numbers(gradients[0])).toEqual([2, 0, -12]);
    expect(gradients[1]).toBeUndefined();
    expect(numbers(dy)).toEqual([1, 0, -2]);
    tf.dispose([x, other, dy, value, gradients]);
  });

  test("a gradient function may return dy itself, twice", () => {
    const sum = tf.customGrad((a, b) => ({
      value: tf.add(a as tf.Tensor, b as tf.Tensor),
      gradFunc: (dy) => [dy, dy],
    }));
    const [x, y] = [tf.scalar(2), tf.scalar(5)];
    const { value, gradients } = backward(() => tf.mul(sum(x, y), sum(x, x)), [x, y]);
    expect(gradients.map(numbers)).toEqual([[4 + 2 * 7], [4]]);
    tf.dispose([x, y, value, gradients]);
  });

  test("works inside a gradient function, and the tape outside goes on", () => {
    const x = tf.tensor1d([1, 2]);
    const cube = tf.customGrad((a, save) => {
      (save as tf.GradSaveFunc)([a as tf.Tensor]);
      return {
        value: tf.pow(a as tf.Tensor, 3),
        gradFunc: (dy, saved) => {
          const [s] = saved as [tf.Tensor];
          return backward(() => tf.pow(s, 3), [s], dy).gradients[0] ?? tf.zerosLike(s);
        },
      };
    });
    const held = tf.memory().numTensors;
    const { value, gradients } = backward(() => tf.sum(tf.mul(cube(tf.mul(x, 2)), x)), [x]);
    expect(numbers(gradients[0])).toEqual([32, 256]); // (8 x⁴)' = 32 x³
    tf.dispose([value, gradients]);
    expect(tf.memory().numTensors).toBe(held);
    x.dispose();
  });

  test("a function that throws leaves no tensor and no tape, and gradients of gradients are refused", () => {
    const x = tf.scalar(3);
    const held = tf.memory().numTensors;
    const broken = () => {
      tf.square(x);
      throw new Error("broken");
    };
    expect(() => backward(broken, [x])).toThrow("broken");
    expect(() => backward(() => backward(() => tf.square(x), [x]).gradients[0] ?? x, [x])).toThrow(
      "Gradients of gradients",
    );
    expect(tf.memory().numTensors).toBe(held);
    expect(tf.engine().state.gradientDepth).toBe(0);
    x.dispose();
  });
});
