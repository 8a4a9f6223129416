import type { Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { GatedResidual, GatedResidualGrad } from "../kernels/gatedResidualOp";
import { run } from "../kernels/operation";
import { taped } from "./taped";

/** x + gate update: x and update [B, T, D], gate [B, D] -> [B, T, D]. @source SiTBlock.forward */
export function gatedResidual(x: Tensor3D, gate: Tensor2D, update: Tensor3D): Tensor3D {
  const [y] = taped(
    [x, gate, update],
    (save) => {
      save([gate, update]);
      return run(GatedResidual, { x, gate, update }, {});
    },
    ([dy], saved) => {
      const [savedGate, savedUpdate] = saved as [Tensor2D, Tensor3D];
      const operands = { dy: dy as Tensor3D, gate: savedGate, update: savedUpdate };
      const [dUpdate, dGate] = run(GatedResidualGrad, operands, {}) as [Tensor, Tensor];
      return [tf.clone(operands.dy), dGate, dUpdate];
    },
  );
  return y as Tensor3D;
}
