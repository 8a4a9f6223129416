import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { namesOf, recordOf } from "../../common/math/records";
import { submitPerDispatch } from "../kernels/submitPerDispatch";

/**
 * f(batch), computed for some images at a time. Images of a batch do not depend on each other, so that the result is
 * that of the whole batch [B, ...]. Intermediate tensors of `f` are disposed after each part.
 * @param atOnce images computed together, at least 1
 * @param f gives one or more tensors [B, ...]
 */
export function inImageChunks<Names extends string>(
  batch: Tensor4D,
  atOnce: number,
  f: (images: Tensor4D) => Readonly<Record<Names, Tensor4D>>,
): Record<Names, Tensor4D> {
  const [count, ...rest] = batch.shape;
  const chunk = (first: number) => {
    const size = Math.min(atOnce, count - first);
    const images = size === count ? batch : tf.slice(batch, [first, 0, 0, 0], [size, ...rest]);
    return { ...f(images) };
  };
  const part = (first: number) => submitPerDispatch(() => tf.tidy(() => chunk(first)));
  return tf.tidy(() => {
    const first = part(0);
    if (count <= atOnce) return first;
    const parts = [first];
    for (let at = atOnce; at < count; at += atOnce) parts.push(part(at));
    return recordOf(namesOf(first), (name) =>
      tf.concat(
        parts.map((one) => one[name]),
        0,
      ),
    );
  });
}
