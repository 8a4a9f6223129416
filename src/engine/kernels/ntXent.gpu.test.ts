import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { normal } from "../../../test/kernelTwin";
import { ntXentLoss } from "../diffusion/alignmentLoss";

type Shape = [number, number, number];

/** The loss and its gradient for the projected tokens; the first of these is zero where asked. */
async function lossAndGradient(backend: string, shape: Shape, zeroFirst: boolean) {
  await tf.setBackend(backend);
  const projected = Float32Array.from(normal("h", shape).values);
  if (zeroFirst) projected.fill(0, 0, shape[2]);
  const before = tf.memory().numTensors;
  const { value, grad } = tf.tidy(() => {
    const features = tf.tensor<tf.Rank.R3>(normal("y", shape).values, shape);
    return tf.valueAndGrad((h) => ntXentLoss(features, h as Tensor3D, 0.5))(
      tf.tensor(projected, shape),
    );
  });
  const numbers = { loss: await value.data<"float32">(), gradient: await grad.data<"float32">() };
  tf.dispose([value, grad]);
  expect(tf.memory().numTensors).toBe(before);
  return numbers;
}

// no kernel of its own: this shows that the studio's backend runs tfjs' ones to the same numbers
test.each<[Shape, boolean]>([
  [[1, 1, 5], false],
  [[3, 5, 7], false],
  [[2, 4, 8], true],
  [[4, 64, 192], false],
])("NT-Xent of %j tokens is the cpu's on the studio's backend", async (shape, zeroFirst) => {
  const plain = await lossAndGradient("cpu", shape, zeroFirst);
  const studio = await lossAndGradient("webgpu", shape, zeroFirst);
  expect(studio.loss).toBeAllClose(plain.loss, { atol: 2e-6, rtol: 1e-6 });
  expect(studio.gradient.every(Number.isFinite)).toBe(true);
  const scale = Math.max(...plain.gradient.map(Math.abs));
  expect(studio.gradient).toBeAllClose(plain.gradient, { atol: 2e-6 * scale + 1e-9 });
});
