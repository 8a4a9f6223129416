import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { GatedResidual, GatedResidualGrad } from "../kernels/gatedResidualOp";
import { run } from "../kernels/operation";
import { customOp } from "./customOp";

/** x + gate update: x and update [B, T, D], gate [B, D] -> [B, T, D]. @source SiTBlock.forward */
export const gatedResidual = (x: Tensor3D, gate: Tensor2D, update: Tensor3D): Tensor3D =>
  customOp({
    inputs: { x, gate, update },
    forward: (given) => ({
      value: run(GatedResidual, given, {}).y,
      saved: { gate: given.gate, update: given.update },
    }),
    backward: (dy, saved) => {
      const { dUpdate, dGate } = run(GatedResidualGrad, { dy, ...saved }, {});
      return { x: tf.clone(dy), gate: dGate, update: dUpdate };
    },
  });
