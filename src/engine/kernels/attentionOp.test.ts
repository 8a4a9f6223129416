import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { normal } from "../../../test/kernelTwin";
import { Attention, AttentionGrad } from "./attentionOp";

const tensor = (name: string, shape: [number, number, number]): Tensor3D =>
  tf.tensor(normal(name, shape).values, shape);

test.each([
  [1, 1, 1, 3],
  [2, 5, 3, 4],
  [1, 17, 2, 8],
])(
  "the gradient is the one tfjs finds for the forward twin, [%i, %i, %i, %i]",
  (b, t, numHeads, d) => {
    const qkv = tensor("qkv", [b, t, 3 * numHeads * d]);
    const dOut = tensor("dOut", [b, t, numHeads * d]);
    const forward = (packed: Tensor3D) => Attention.twin({ qkv: packed }, { numHeads });
    const expected = tf.grad((packed) => forward(packed as Tensor3D).out)(qkv, dOut);
    const { dQkv } = AttentionGrad.twin({ qkv, ...forward(qkv), dOut }, { numHeads });
    const tolerance = { rtol: 1e-5, atol: 1e-5 };
    expect(dQkv.dataSync()).toBeAllClose(expected.dataSync(), tolerance);
  },
);

test("the twin is softmax(q kᵀ / sqrt(d)) v, written out for one head", () => {
  const [tokens, d] = [4, 3];
  const qkv = tensor("qkv", [1, tokens, 3 * d]);
  const [q, k, v] = tf.split(tf.reshape(qkv, [tokens, 3 * d]), 3, 1) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const scores = tf.div(tf.matMul(q, tf.transpose(k)), Math.sqrt(d));
  const expected = tf.matMul(tf.softmax(scores), v);
  const { out, logSumExp } = Attention.twin({ qkv }, { numHeads: 1 });
  expect(out.dataSync()).toBeAllClose(expected.dataSync(), { atol: 1e-6 });
  expect(logSumExp.dataSync()).toBeAllClose(tf.logSumExp(scores, 1).dataSync(), { atol: 1e-6 });
});
