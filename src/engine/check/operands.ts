import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { randomNormal } from "../../common/math/rng";
import type { LazyOperand } from "../kernels/lazyOperand";

const SEED = 3;

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((size, side) => size * side, 1);

/** Normal numbers of a shape, by name: always the same. @param std their standard deviation */
export const normals = (name: string, shape: readonly number[], std = 1): LazyOperand => ({
  shape,
  dtype: "float32",
  values: () => {
    const values = randomNormal({ seed: SEED, stream: name }, sizeOf(shape));
    return std === 1 ? values : values.map((value) => std * value);
  },
});

/** Whole numbers as they are given. */
export const integers = (values: readonly number[]): LazyOperand => ({
  shape: [values.length],
  dtype: "int32",
  values: () => Int32Array.from(values),
});

/**
 * One output of an operation's twin as the operand of another: what a forward pass keeps for its gradient.
 * @param compute runs the twin on tfjs' current backend, which must be one whose numbers can be read at once (cpu)
 */
export const computed = (shape: readonly number[], compute: () => Tensor): LazyOperand => ({
  shape,
  dtype: "float32",
  values: () => {
    let values = new Float32Array();
    tf.tidy(() => {
      values = Float32Array.from(compute().dataSync());
    });
    return values;
  },
});
