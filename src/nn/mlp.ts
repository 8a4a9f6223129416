import type { Tensor } from "@tensorflow/tfjs-core";
import { linear } from "./linear";
import type { ParamMap } from "./params";

/** fc2(activation(fc1 x)) over the last axis. @source timm.layers.Mlp */
export const mlp = (
  params: ParamMap,
  scope: string,
  x: Tensor,
  activation: (x: Tensor) => Tensor,
): Tensor => linear(params, `${scope}.fc2`, activation(linear(params, `${scope}.fc1`, x)));
