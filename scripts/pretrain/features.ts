import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { InMemoryDataset } from "./inMemory";

/** One vector an image, row-major [count, width]. */
export interface Features {
  readonly values: Float32Array;
  readonly width: number;
}

const CHUNK = 64;

/** Images by number, in [-1, 1]: [count, side, side, 3]. */
export function imageTensor(data: InMemoryDataset, images: readonly number[]): Tensor4D {
  const values = Float32Array.from(data.pixels(images), (byte) => byte / 127.5 - 1);
  return tf.tensor4d(values, [images.length, data.resolution, data.resolution, 3]);
}

/** `vectors` of every image of the data set, in its order, [size, width]. */
export async function featuresOf(
  data: InMemoryDataset,
  vectors: (images: Tensor4D) => Tensor2D,
): Promise<Features> {
  const parts: Float32Array[] = [];
  for (let first = 0; first < data.size; first += CHUNK) {
    const count = Math.min(CHUNK, data.size - first);
    const images = imageTensor(
      data,
      Array.from({ length: count }, (_, i) => first + i),
    );
    const rows = tf.tidy(() => vectors(images));
    parts.push(await rows.data<"float32">());
    tf.dispose([images, rows]);
  }
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (values.set(part, at), at + part.length), 0);
  return { values, width: values.length / data.size };
}

/** Pixels as they are, or averaged over squares of `box` px: the control without any network. */
export const pixelFeatures = (data: InMemoryDataset, box: number): Promise<Features> =>
  featuresOf(data, (images) =>
    tf.reshape(box === 1 ? images : tf.avgPool(images, box, box, "valid"), [images.shape[0], -1]),
  );

/** Rows less the mean of the training images' rows, each at unit length: dot products are cosines. */
export function centredUnit({ values, width }: Features, train: ArrayLike<number>): Features {
  const mean = new Float64Array(width);
  for (const image of Array.from(train)) {
    for (let c = 0; c < width; c++) {
      mean[c] = (mean[c] ?? 0) + (values[image * width + c] ?? 0) / train.length;
    }
  }
  const out = new Float32Array(values.length);
  for (let row = 0; row < values.length; row += width) {
    let square = 0;
    for (let c = 0; c < width; c++) square += ((values[row + c] ?? 0) - (mean[c] ?? 0)) ** 2;
    const scale = 1 / Math.sqrt(square + 1e-12);
    for (let c = 0; c < width; c++) {
      out[row + c] = ((values[row + c] ?? 0) - (mean[c] ?? 0)) * scale;
    }
  }
  return { values: out, width };
}

/** Cosines of query rows with bank rows: one row a query, in the bank's order. */
export async function cosines(
  { values, width }: Features,
  queries: readonly number[],
  bank: readonly number[],
): Promise<Float32Array[]> {
  const gather = (rows: readonly number[]) => {
    const out = new Float32Array(rows.length * width);
    rows.forEach((row, i) => {
      out.set(values.subarray(row * width, (row + 1) * width), i * width);
    });
    return tf.tensor2d(out, [rows.length, width]);
  };
  const [left, right] = [gather(queries), gather(bank)];
  const product = tf.matMul(left, right, false, true);
  const all = await product.data<"float32">();
  tf.dispose([left, right, product]);
  return queries.map((_, i) => all.subarray(i * bank.length, (i + 1) * bank.length));
}
