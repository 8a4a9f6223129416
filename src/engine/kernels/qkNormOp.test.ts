import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor3D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { normal } from "../../../test/kernelTwin";
import { QkNorm, QkNormGrad } from "./qkNormOp";

const tensor = (name: string, shape: number[]): Tensor =>
  tf.tensor(normal(name, shape).values, shape);

test.each([
  [1, 1, 1, 4],
  [2, 5, 3, 4],
  [1, 17, 2, 7],
])(
  "the gradients are those tfjs finds for the forward twin, [%i, %i, %i, %i]",
  (b, t, numHeads, d) => {
    const attrs = { numHeads, eps: 1e-5 };
    const shape = [b, t, 3 * numHeads * d];
    const named = (x: Tensor[]) => ({
      qkv: x[0] as Tensor3D,
      qWeight: x[1] as Tensor1D,
      qBias: x[2] as Tensor1D,
      kWeight: x[3] as Tensor1D,
      kBias: x[4] as Tensor1D,
    });
    const inputs = [tensor("qkv", shape), ...["a", "b", "c", "d"].map((name) => tensor(name, [d]))];
    const dNormed = tensor("dy", shape) as Tensor3D;
    const forward = (...given: Tensor[]) => QkNorm.twin(named(given), attrs).normed;
    const expected = tf.grads(forward)(inputs, dNormed);
    const { dQkv, qWeight, qBias, kWeight, kBias } = QkNormGrad.twin(
      { dNormed, ...named(inputs) },
      attrs,
    );
    [dQkv, qWeight, qBias, kWeight, kBias].forEach((gradient, i) => {
      const wanted = expected[i]?.dataSync() ?? [];
      expect(gradient.dataSync()).toBeAllClose(wanted, { rtol: 1e-5, atol: 1e-5 });
    });
  },
);
