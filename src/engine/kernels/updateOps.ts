import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import type { NamedTensors, NoAttrs, TwinOperation } from "./operation";
import { hasShape, requireFit } from "./requireFit";

// An update tensor by tensor, for backends without the flat state (optimizerUpdate.ts).

/** Numbers of an update as tensors: made once for all parameters. */
export type UpdateScalars = Readonly<
  Record<"scale" | "keepFirst" | "beta2" | "keepSecond" | "rate" | "eps" | "keep", Scalar>
>;

/**
 * One AdamW update of a parameter p with moments m and v and the gradient g, all of one shape.
 * @source torch.optim.AdamW; Loshchilov and Hutter (arXiv:1711.05101)
 */
export const AdamWUpdate: TwinOperation<
  Readonly<Record<"p" | "m" | "v" | "g", Tensor>> & UpdateScalars,
  Readonly<Record<"newP" | "newM" | "newV", Tensor>>,
  { decays: boolean }
> = {
  name: "StudioAdamWUpdate",
  outputShapes: { newP: "as p", newM: "as p", newV: "as p" },
  check: ({ p, m, v, g }) => {
    const fits = [m, v, g].every((tensor) => hasShape(tensor, ...p.shape));
    requireFit(fits, "AdamW", { p, m, v, g });
  },
  twin: ({ p, m, v, g: raw, scale, ...k }, { decays }) => {
    const g = tf.mul(raw, scale);
    const newM = tf.add(m, tf.mul(tf.sub(g, m), k.keepFirst));
    const newV = tf.add(tf.mul(v, k.beta2), tf.mul(tf.square(g), k.keepSecond));
    const direction = tf.div(newM, tf.add(tf.sqrt(newV), k.eps));
    const kept = decays ? tf.mul(p, k.keep) : p;
    return { newP: tf.sub(kept, tf.mul(direction, k.rate)), newM, newV };
  },
};

/** average + (p - average) rate, both of one shape. */
export const Blend: TwinOperation<
  { average: Tensor; p: Tensor; rate: Scalar },
  { y: Tensor },
  NoAttrs
> = {
  name: "StudioBlend",
  outputShapes: { y: "as p" },
  check: ({ average, p }) => requireFit(hasShape(average, ...p.shape), "EMA", { average, p }),
  twin: ({ average, p, rate }) => ({ y: tf.add(average, tf.mul(tf.sub(p, average), rate)) }),
};

/** Row sums first: one long float32 sum would lose digits. */
export function sumOf(x: Tensor): Scalar {
  const width = x.shape.at(-1) ?? 1;
  return tf.sum(tf.sum(tf.reshape(x, [-1, width]), 1));
}

/** In a scope of its own: the squares of all gradients together are as large as the gradients. */
const sumOfSquares = (x: Tensor): Scalar => tf.tidy(() => sumOf(tf.square(x)));

/** l2 norm over all inputs together, in the order of their names' record. */
export const GlobalNorm: TwinOperation<NamedTensors, { norm: Scalar }, NoAttrs> = {
  name: "StudioGlobalNorm",
  outputShapes: { norm: "[]" },
  check: () => undefined, // any shapes will do
  twin: (inputs) => ({
    norm: tf.sqrt(tf.sum(tf.stack(Object.values(inputs).map(sumOfSquares)))),
  }),
};
