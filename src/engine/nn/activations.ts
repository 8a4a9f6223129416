import type { Tensor } from "@tensorflow/tfjs-core";
import { Activate, ActivateGrad } from "../kernels/activateOp";
import { activate } from "../kernels/activationTwin";
import { run } from "../kernels/operation";
import { taped } from "./taped";

/** GELU, tanh approximation (nn.GELU(approximate="tanh")), any shape; within linear maps it is fused. */
export const geluTanh = <T extends Tensor>(x: T): T => activate("gelu-tanh", x);

/** SiLU: x sigmoid(x), any shape. */
export function silu<T extends Tensor>(x: T): T {
  const [y] = taped(
    [x],
    (save) => {
      save([x]);
      return run(Activate, { x }, { activation: "silu" });
    },
    (dys, saved) => {
      const [dy, savedX] = [...dys, ...saved] as [Tensor, Tensor];
      return run(ActivateGrad, { dy, x: savedX }, { activation: "silu" });
    },
  );
  return y as T;
}
