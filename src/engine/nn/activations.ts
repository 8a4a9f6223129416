import type { Rank, Tensor } from "@tensorflow/tfjs-core";
import { Activate, ActivateGrad } from "../kernels/activateOp";
import { activate } from "../kernels/activationTwin";
import { run } from "../kernels/operation";
import { withRankOf } from "../kernels/ranks";
import { customOp } from "./customOp";

/** GELU, tanh approximation (nn.GELU(approximate="tanh")), any shape. Linear maps compute it in their own kernel. */
export const geluTanh = <T extends Tensor>(x: T): T => activate("gelu-tanh", x);

/** SiLU: x sigmoid(x), any shape. */
export const silu = <R extends Rank>(x: Tensor<R>): Tensor<R> =>
  customOp({
    inputs: { x },
    forward: ({ x }) => {
      const { y } = run(Activate, { x }, { activation: "silu" });
      return { value: withRankOf(y, x), saved: { x } };
    },
    backward: (dy, { x }) => {
      const { dx } = run(ActivateGrad, { dy, x }, { activation: "silu" });
      return { x: withRankOf(dx, x) };
    },
  });
