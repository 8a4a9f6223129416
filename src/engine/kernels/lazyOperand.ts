import * as tf from "@tensorflow/tfjs-core";
import type { Rank, Tensor } from "@tensorflow/tfjs-core";
import { ofRank } from "./ranks";

/** A tensor that is not on a device yet: its numbers are computed when they are asked for. */
export interface LazyOperand {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly values: () => Float32Array | Int32Array;
}

/** On tfjs' current backend; the caller's tidy scope owns it. */
export const toTensor = ({ shape, dtype, values }: LazyOperand): Tensor =>
  tf.tensor(values(), [...shape], dtype);

/** `toTensor`, typed by its rank. @throws StudioError INTERNAL when it has another rank */
export const upload = <R extends Rank>(operand: LazyOperand, rank: `${R}`): Tensor<R> =>
  ofRank(toTensor(operand), rank);
