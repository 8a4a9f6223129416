import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { expect, expectTypeOf, test } from "vitest";
import { LayerNormModulate } from "../kernels/layerNormModulateOp";
import { Linear, LinearGradX } from "../kernels/linearOp";
import { run } from "../kernels/operation";
import { backward } from "./backward";
import { customOp } from "./customOp";
import { linearChunks } from "./linear";

const matrix = () => tf.tensor2d([1, 2, 3, 4], [2, 2]);

/** x w + the sum of b, x and b constant; its gradients are written by hand. */
const weighted = (x: Tensor2D, layers: readonly Readonly<{ w: Tensor2D }>[], b: Tensor1D) =>
  customOp({
    inputs: { layers, none: undefined },
    constants: { x, b },
    forward: (given) => {
      const outputs = given.layers.map(({ w }): Tensor2D => tf.mul(given.x, w));
      const sums = outputs.map((output): Scalar => tf.add(tf.sum(output), tf.sum(given.b)));
      return { value: { sums }, saved: { x: given.x } };
    },
    backward: ({ sums }, saved) => ({
      layers: sums.map((dSum) => ({ w: tf.mul(saved.x, dSum) })),
      none: undefined,
    }),
  });

test("records and lists go through the tape under their names, and nothing is left", () => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const [x, b] = [matrix(), tf.tensor1d([5])];
    const layers = [{ w: tf.ones<tf.Rank.R2>([2, 2]) }, { w: tf.fill<tf.Rank.R2>([2, 2], 2) }];
    const f = (): Scalar => {
      const { sums } = weighted(x, layers, b);
      const [first, second] = sums;
      if (!first || !second) throw new Error("Two layers give two sums.");
      return tf.add(first, tf.mul(second, 10));
    };
    const inputs = [...layers.map(({ w }) => w), x, b];
    const { value, gradients } = backward(f, inputs);
    expect(value.dataSync()[0]).toBe(15 + 10 * 25);
    const numbers = gradients.map((gradient) => gradient && [...gradient.dataSync()]);
    expect(numbers).toEqual([[1, 2, 3, 4], [10, 20, 30, 40], undefined, undefined]);
    tf.dispose([value, gradients]);
  });
  expect(tf.memory().numTensors).toBe(before);
});

test("an input that gets no gradient is named", () => {
  const x = matrix();
  const f = () =>
    customOp({
      inputs: { list: [x] },
      forward: ({ list }) => ({ value: tf.sum<Scalar>(list[0] ?? x), saved: {} }),
      backward: () => ({ list: [] }),
    });
  expect(() => backward(f, [x])).toThrow('no gradient for its input "list.0"');
  x.dispose();
});

test("names and types of inputs, outputs and gradients are checked when compiled", () => {
  tf.tidy(() => {
    const x = matrix();
    const tokens = tf.ones<tf.Rank.R3>([1, 2, 2]);
    const [shift, scale] = [tf.ones<tf.Rank.R2>([1, 2]), tf.ones<tf.Rank.R2>([1, 2])];

    const normed = run(LayerNormModulate, { x: tokens, shift, scale }, { eps: 1e-6 });
    expectTypeOf(normed.y).toEqualTypeOf<tf.Tensor3D>();
    // @ts-expect-error the operation has no output of this name
    expect(normed.out).toBeUndefined();

    const bias = tf.ones<tf.Rank.R1>([2]);
    const linear = run(Linear, { x, weight: x, bias }, {});
    // @ts-expect-error without an activation there is nothing before it
    expect(linear.pre).toBeUndefined();
    // @ts-expect-error an input is missing
    expect(() => run(Linear, { x, weight: x }, {})).toThrow();
    // @ts-expect-error an attribute that the operation does not have
    run(Linear, { x, weight: x, bias }, { activation: "silu" });
    expectTypeOf(run(LinearGradX, { dy: x, weight: x }, { activation: "none" })).toEqualTypeOf<{
      dx: Tensor2D;
    }>();

    const layer = { "fc.weight": tf.ones([4, 2]), "fc.bias": tf.ones([4]) };
    const chunks = linearChunks(layer, "fc", x, ["gate", "value"]);
    expectTypeOf(chunks).toEqualTypeOf<Record<"gate" | "value", Tensor2D>>();

    const forward = (given: { a: Tensor2D; b: Tensor1D }) => ({ value: given.a, saved: given });
    const inputs = { a: x, b: bias };
    // @ts-expect-error the gradient of b is missing
    customOp({ inputs, forward, backward: (dy) => ({ a: tf.clone(dy) }) });
    // @ts-expect-error the gradient of b has a's rank
    customOp({ inputs, forward, backward: (dy) => ({ a: tf.clone(dy), b: tf.clone(dy) }) });
    customOp({
      inputs,
      // @ts-expect-error what the backward pass reads was not saved
      forward,
      backward: (dy, saved: { c: Tensor1D }) => ({ a: tf.clone(dy), b: tf.clone(saved.c) }),
    });
  });
});
