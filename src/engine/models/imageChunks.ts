import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { submitPerDispatch } from "../kernels/submitPerDispatch";

/**
 * `f` of a batch [B, ...], some images after another; images do not see each other, so that the result is that of
 * the whole batch. What `f` makes on the way is dropped at once.
 * @param atOnce images passed together, at least 1
 * @param f gives one or more tensors [B, ...]
 */
export function inImageChunks<Names extends string>(
  batch: Tensor4D,
  atOnce: number,
  f: (images: Tensor4D) => Readonly<Record<Names, Tensor4D>>,
): Record<Names, Tensor4D> {
  const [count, ...rest] = batch.shape;
  return tf.tidy(() => {
    const parts = Array.from({ length: Math.ceil(count / atOnce) }, (_, i) => {
      const size = Math.min(atOnce, count - i * atOnce);
      return submitPerDispatch(() =>
        tf.tidy(() => ({
          ...f(size === count ? batch : tf.slice(batch, [i * atOnce, 0, 0, 0], [size, ...rest])),
        })),
      );
    });
    const [first] = parts;
    if (!first || parts.length === 1) return first as Record<Names, Tensor4D>;
    const joined = (name: string) =>
      tf.concat(
        parts.map((part) => part[name as Names]),
        0,
      );
    return Object.fromEntries(Object.keys(first).map((name) => [name, joined(name)])) as Record<
      Names,
      Tensor4D
    >;
  });
}
