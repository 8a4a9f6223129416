import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { SafetensorsTensor } from "../../src/common/formats/safetensors";
import type { ParamMap } from "../../src/engine/nn/params";
import { toNchw, toNhwc, worstOf } from "./arrays";
import type { ParityResult } from "./types";

export const Limit = z.object({ atol: z.number(), rtol: z.number() });
export type Limit = z.infer<typeof Limit>;

export type Tensors = ReadonlyMap<string, SafetensorsTensor>;

export function find(tensors: Tensors, name: string) {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`the fixture has no tensor "${name}"`);
  if (tensor.data instanceof BigInt64Array) throw new Error(`tensor "${name}" is ${tensor.dtype}`);
  return { shape: tensor.shape, data: tensor.data };
}

/** A picture [N, C, H, W] of the fixture as [B, H, W, C]. */
export function picture(tensors: Tensors, name: string): Tensor4D {
  const { data, shape } = find(tensors, name);
  const [n = 0, c = 0, h = 0, w = 0] = shape;
  return tf.tensor4d(toNhwc(data, shape), [n, h, w, c]);
}

/** The tensors whose names begin with `prefix`, which is cut off. */
export const storedParameters = (tensors: Tensors, prefix: string): ParamMap =>
  Object.fromEntries(
    [...tensors.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name): [string, Tensor] => {
        const { data, shape } = find(tensors, name);
        return [name.slice(prefix.length), tf.tensor(Float32Array.from(data), [...shape])];
      }),
  );

/** Each element within atol + rtol |want|; the one nearest to its limit is reported. */
export function compareElements(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { atol, rtol }: Limit,
): ParityResult {
  if (got.length !== want.length) return { error: Infinity, tolerance: 0 };
  const results = Array.from({ length: want.length }, (_, i): ParityResult => {
    const error = Math.abs((got[i] ?? NaN) - (want[i] ?? NaN));
    const tolerance = atol + rtol * Math.abs(want[i] ?? NaN);
    return { error: Number.isNaN(error) ? Infinity : error, tolerance, compared: 1 };
  });
  return worstOf(results);
}

/** Stored [N, H, W, C] when it is an array of bytes, else the reference's [N, C, H, W]. */
export async function readAs(x: Tensor4D, isBytes: boolean): Promise<Float32Array> {
  const [n, h, w, c] = x.shape;
  const values = Float32Array.from(await x.data());
  return isBytes ? values : toNchw(values, [n, c, h, w]);
}
