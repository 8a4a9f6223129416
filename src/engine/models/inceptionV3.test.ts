import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { INCEPTION_V3 } from "../../common/catalogue/inceptionV3";
import { randomNormal } from "../../common/math/rng";
import { foldNorm, inceptionShapes, pool3x3 } from "./inceptionV3";

const sizeOf = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);
const countOf = (wanted: (name: string) => boolean) =>
  [...inceptionShapes()]
    .filter(([name]) => wanted(name))
    .reduce((sum, [, shape]) => sum + sizeOf(shape), 0);

test("the table has the published number of parameters", () => {
  // Keras' Inception-v3 has 23,851,784: 1,000 classes, and normalisations without their scale
  const scales = countOf((name) => name.endsWith(".bn.weight"));
  expect(scales).toBe(17_216);
  const asKeras = countOf((name) => !name.startsWith("fc.")) - scales + 2049 * 1000;
  expect(asKeras).toBe(23_851_784);
  // torchvision's without its auxiliary head has 23,834,568 that are trained
  const trained = countOf((name) => !name.startsWith("fc.") && !name.includes(".running_"));
  expect(trained + 2049 * 1000).toBe(23_834_568);
  expect(countOf(() => true)).toBe(INCEPTION_V3.parameters);
  expect(INCEPTION_V3.files[0].bytes).toBe(4 * INCEPTION_V3.parameters);
});

test("names and shapes are those of the port: 94 convolutions and the classifier", () => {
  const shapes = inceptionShapes();
  expect([...shapes.keys()].filter((name) => name.endsWith(".conv.weight"))).toHaveLength(94);
  expect(shapes.size).toBe(94 * 5 + 2);
  const expected: Record<string, number[]> = {
    "Conv2d_1a_3x3.conv.weight": [32, 3, 3, 3],
    "Conv2d_4a_3x3.bn.running_var": [192],
    "Mixed_5b.branch1x1.conv.weight": [64, 192, 1, 1],
    "Mixed_5c.branch_pool.conv.weight": [64, 256, 1, 1],
    "Mixed_5d.branch5x5_2.conv.weight": [64, 48, 5, 5],
    "Mixed_6a.branch3x3.conv.weight": [384, 288, 3, 3],
    "Mixed_6b.branch7x7_2.conv.weight": [128, 128, 1, 7],
    "Mixed_6d.branch1x1.conv.weight": [192, 768, 1, 1],
    "Mixed_6e.branch7x7dbl_2.conv.weight": [192, 192, 7, 1],
    "Mixed_7a.branch7x7x3_4.conv.weight": [192, 192, 3, 3],
    "Mixed_7b.branch3x3_2b.conv.weight": [384, 384, 3, 1],
    "Mixed_7c.branch3x3dbl_1.conv.weight": [448, 2048, 1, 1],
    "Mixed_7c.branch3x3dbl_3a.conv.weight": [384, 384, 1, 3],
    "Mixed_7c.branch_pool.conv.weight": [192, 2048, 1, 1],
    "fc.weight": [1008, 2048],
    "fc.bias": [1008],
  };
  for (const [name, shape] of Object.entries(expected))
    expect(shapes.get(name), name).toEqual(shape);
});

/** What a 3x3 window of one channel around (y, x) holds of the picture. */
const windowAt = (values: Float32Array, side: number, y: number, x: number) => {
  const inside: number[] = [];
  for (let row = Math.max(0, y - 1); row <= Math.min(side - 1, y + 1); row++) {
    for (let column = Math.max(0, x - 1); column <= Math.min(side - 1, x + 1); column++) {
      inside.push(values[row * side + column] ?? NaN);
    }
  }
  return inside;
};

test("pools of stride 1 see the picture alone: a mean over 4, 6 or 9 values, a maximum below zero", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.integer(), (side, seed) => {
      const values = randomNormal({ seed: Math.abs(seed), stream: "picture" }, side * side).map(
        (value) => value - 5,
      );
      const image = tf.tensor4d(values, [1, side, side, 1]);
      const [mean, most] = (["average", "max"] as const).map((kind) => [
        ...pool3x3(image, kind).dataSync(),
      ]);
      const places = Array.from({ length: side * side }, (_, i) =>
        windowAt(values, side, Math.floor(i / side), i % side),
      );
      const sum = (window: number[]) => window.reduce((total, value) => total + value, 0);
      expect(mean).toBeAllClose(
        places.map((window) => sum(window) / window.length),
        { rtol: 1e-5, atol: 1e-6 },
      );
      expect(most).toEqual(places.map((window) => Math.max(...window)));
    }),
    { numRuns: 20 },
  );
});

test("a folded convolution is the convolution, normalised with running statistics and ε = 1e-3", () => {
  tf.tidy(() => {
    const normal = (stream: string, shape: number[]) =>
      tf.tensor(randomNormal({ seed: 4, stream }, sizeOf(shape)), shape);
    const params = {
      "a.conv.weight": normal("weight", [5, 3, 1, 7]), // a row of 7, which a column of 7 is not
      "a.bn.weight": normal("scale", [5]),
      "a.bn.bias": normal("bias", [5]),
      "a.bn.running_mean": normal("mean", [5]),
      "a.bn.running_var": tf.tensor1d([0, 1e-4, 0.5, 1, 30]),
    };
    const x = normal("x", [2, 4, 9, 3]) as tf.Tensor4D;
    const { filter, bias } = foldNorm(params, "a");
    expect(filter.shape).toEqual([1, 7, 3, 5]);
    const folded = tf.add(tf.conv2d(x, filter, 1, "same"), bias);
    const plain = tf.conv2d(
      x,
      tf.transpose(params["a.conv.weight"], [2, 3, 1, 0]) as tf.Tensor4D,
      1,
      "same",
    );
    const expected = tf.batchNorm(
      plain,
      params["a.bn.running_mean"] as tf.Tensor1D,
      params["a.bn.running_var"],
      params["a.bn.bias"] as tf.Tensor1D,
      params["a.bn.weight"] as tf.Tensor1D,
      1e-3,
    );
    expect([...folded.dataSync()]).toBeAllClose([...expected.dataSync()], {
      rtol: 1e-4,
      atol: 1e-4,
    });
  });
});
