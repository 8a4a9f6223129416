import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { conv2d } from "./conv";

const normal = (stream: string, shape: number[]) =>
  tf.tensor(
    randomNormal(
      { seed: 8, stream },
      shape.reduce((product, size) => product * size, 1),
    ),
    shape,
  );

test.each([
  [1, [1, 1, 1, 1], true],
  [2, [0, 1, 0, 1], true],
  [2, [1, 1, 1, 1], false],
] as const)(
  "stride %d, padding %j, bias %s: value and gradients are tfjs' own",
  (stride, padding, biased) => {
    tf.tidy(() => {
      const x = normal("x", [2, 6, 8, 3]) as Tensor4D;
      const weight = normal("w", [4, 3, 3, 3]);
      const bias = normal("b", [4]) as Tensor1D;
      const [top, bottom, left, right] = padding;
      const ours = (image: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => {
        const params = { "c.weight": w, ...(biased && { "c.bias": b }) };
        return conv2d(params, "c", image as Tensor4D, { stride, padding, biased });
      };
      const stock = (image: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => {
        const padded = tf.pad(image, [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ]) as Tensor4D;
        const y = tf.conv2d(padded, tf.transpose(w, [2, 3, 1, 0]) as Tensor4D, stride, "valid");
        return tf.add(y, biased ? b : 0);
      };
      const close = (a: tf.Tensor, b: tf.Tensor) => {
        expect(a.shape).toEqual(b.shape);
        expect(a.dataSync()).toBeAllClose(b.dataSync(), { atol: 1e-4, rtol: 1e-5 });
      };
      close(ours(x, weight, bias), stock(x, weight, bias));
      const dy = normal("dy", ours(x, weight, bias).shape);
      const inputs = biased ? [x, weight, bias] : [x, weight];
      const gradients = (f: typeof ours) =>
        tf.grads((...given) =>
          tf.sum(tf.mul(f(given[0] ?? x, given[1] ?? weight, given[2] ?? bias), dy)),
        )(inputs);
      const want = gradients(stock as typeof ours);
      gradients(ours).forEach((got, i) => {
        const expected = want[i];
        if (expected) close(got, expected);
      });
      expect(want.length).toBe(inputs.length);
    });
  },
);
