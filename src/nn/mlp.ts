import type { Tensor } from "@tensorflow/tfjs-core";
import type { Activation } from "../kernels/activation";
import { geluExact } from "./activations";
import { linear, linearChain } from "./linear";
import type { ParamMap } from "./params";

/** fc2(activation(fc1 x)) over the last axis; "gelu" is the one with the error function. @source timm.layers.Mlp */
export const mlp = (
  params: ParamMap,
  scope: string,
  x: Tensor,
  activation: Activation | "gelu",
): Tensor =>
  activation === "gelu"
    ? linear(params, `${scope}.fc2`, geluExact(linear(params, `${scope}.fc1`, x)))
    : linearChain(params, [`${scope}.fc1`, `${scope}.fc2`], x, { activation });
