import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { normal } from "../../../test/kernelTwin";
import {
  LayerNormModulate,
  LayerNormModulateGradMod,
  LayerNormModulateGradX,
} from "./layerNormModulateOp";

const tensor = (name: string, shape: number[]) =>
  tf.tensor(normal(name, shape).values, shape, "float32");

test.each([
  [1, 1, 5],
  [2, 3, 8],
  [3, 7, 12],
])("the gradients are those tfjs finds for the forward twin, [%i, %i, %i]", (b, t, d) => {
  const [x, shift, scale] = [tensor("x", [b, t, d]), tensor("shift", [b, d]), tensor("s", [b, d])];
  const dy = tensor("dy", [b, t, d]);
  const forward = (...[a, c, e]: tf.Tensor[]) =>
    LayerNormModulate.twin(
      { x: a as Tensor3D, shift: c as Tensor2D, scale: e as Tensor2D },
      { eps: 1e-6 },
    );
  const expected = tf.grads((...inputs: tf.Tensor[]) => forward(...inputs).y)(
    [x, shift, scale],
    dy,
  );
  const { stats } = forward(x, shift, scale);
  const operands = { dy: dy as Tensor3D, x: x as Tensor3D, stats, scale: scale as Tensor2D };
  const { dx } = LayerNormModulateGradX.twin(operands, {});
  const { dShift, dScale } = LayerNormModulateGradMod.twin(operands, {});
  [dx, dShift, dScale].forEach((gradient, i) => {
    const wanted = expected[i]?.dataSync() ?? [];
    expect(gradient.dataSync()).toBeAllClose(wanted, { rtol: 1e-5, atol: 1e-5 });
  });
});
