import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { normal } from "../../../test/kernelTwin";
import { GatedResidual, GatedResidualGrad } from "./gatedResidualOp";

const tensor = (name: string, shape: number[]) =>
  tf.tensor(normal(name, shape).values, shape, "float32");

test.each([
  [1, 1, 5],
  [3, 7, 4],
])("the gradients are those tfjs finds for the forward twin, [%i, %i, %i]", (b, t, d) => {
  const [gate, update] = [tensor("gate", [b, d]), tensor("update", [b, t, d])];
  const [x, dy] = [tensor("x", [b, t, d]) as Tensor3D, tensor("dy", [b, t, d])];
  const [dUpdate, dGate] = tf.grads(
    (u: tf.Tensor, g: tf.Tensor) =>
      GatedResidual.twin({ x, gate: g as Tensor2D, update: u as Tensor3D }, {}).y,
  )([update, gate], dy) as [tf.Tensor, tf.Tensor];
  const operands = { dy: dy as Tensor3D, gate: gate as Tensor2D, update: update as Tensor3D };
  const actual = GatedResidualGrad.twin(operands, {});
  const tolerance = { rtol: 1e-5, atol: 1e-5 };
  expect(actual.dUpdate.dataSync()).toBeAllClose(dUpdate.dataSync(), tolerance);
  expect(actual.dGate.dataSync()).toBeAllClose(dGate.dataSync(), tolerance);
});
