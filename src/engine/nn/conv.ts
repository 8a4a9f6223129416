import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { sumRows } from "../kernels/linearOp";
import { applyAndDispose } from "./applyAndDispose";
import { customOp } from "./customOp";
import { kernel4d, vector, type ParamMap } from "./params";

/** Zeros around (or on some sides of) an image: [top, bottom, left, right]. */
type Padding = readonly [top: number, bottom: number, left: number, right: number];

/** Padding as tfjs takes it: a pair for each axis of [B, H, W, C]. */
type PaddingPairs = [[0, 0], [number, number], [number, number], [0, 0]];

const paddingPairs = ([top, bottom, left, right]: Padding): PaddingPairs => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];

const isNone = (padding: Padding): boolean => padding.every((zeros) => zeros === 0);

const pad = (x: Tensor4D, padding: Padding): Tensor4D =>
  isNone(padding) ? x : tf.pad(x, paddingPairs(padding));

/** The gradient of the kernel, [kh, kw, I, O], by one product: every shift of x, transposed, times dy. */
function kernelGradient(
  padded: Tensor4D,
  dy: Tensor4D,
  kernel: readonly [number, number],
  stride: number,
): Tensor4D {
  const [batch, height, width, outChannels] = dy.shape;
  const inChannels = padded.shape[3];
  const channelsFirst = tf.transpose(padded, [3, 0, 1, 2]); // [I, B, H', W']
  const shifts: Tensor2D[] = [];
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column++) {
      const [rows, columns] = [(height - 1) * stride + 1, (width - 1) * stride + 1];
      const begin = [0, 0, row, column] as const;
      const window =
        stride === 1 // on wasm the plain slice is much faster
          ? tf.slice(channelsFirst, [...begin], [inChannels, batch, rows, columns])
          : tf.stridedSlice(
              channelsFirst,
              [...begin],
              [inChannels, batch, row + rows, column + columns],
              [1, 1, stride, stride],
            );
      shifts.push(tf.reshape(window, [inChannels, batch * height * width]));
    }
  }
  const dyRows: Tensor2D = tf.reshape(dy, [batch * height * width, outChannels]);
  return tf.reshape(tf.matMul(tf.concat2d(shifts, 0), dyRows), [
    kernel[0],
    kernel[1],
    inChannels,
    outChannels,
  ]);
}

/** The gradient of the padded input. At stride 1 it is a convolution with the flipped kernel, fast on every backend. */
function inputGradient(
  dy: Tensor4D,
  filter: Tensor4D,
  shape: Tensor4D["shape"],
  stride: number,
): Tensor4D {
  const [height, width] = filter.shape;
  if (stride !== 1) return tf.conv2dTranspose(dy, filter, shape, stride, "valid");
  const flipped = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
  return tf.conv2d(pad(dy, [height - 1, height - 1, width - 1, width - 1]), flipped, 1, "valid");
}

/**
 * The convolution pads by itself and adds the bias: only the backward pass makes a padded copy of a large image.
 * Without padding it is "valid", which makes 1x1 convolutions plain matrix products on WebGPU.
 */
const convolve = (
  x: Tensor4D,
  filter: Tensor4D,
  bias: Tensor1D | undefined,
  stride: number,
  padding: Padding,
): Tensor4D =>
  customOp({
    inputs: { x, filter, bias },
    forward: (given) => ({
      value: tf.fused.conv2d({
        x: given.x,
        filter: given.filter,
        strides: stride,
        pad: isNone(padding) ? "valid" : paddingPairs(padding),
        ...(given.bias && { bias: given.bias }),
      }),
      saved: { x: given.x, filter: given.filter },
    }),
    backward: (dy, saved) => {
      const [rows, columns] = saved.filter.shape;
      const padded = pad(saved.x, padding);
      const dPadded = inputGradient(dy, saved.filter, padded.shape, stride);
      return {
        x: tf.slice(dPadded, [0, padding[0], padding[2], 0], saved.x.shape),
        filter: kernelGradient(padded, dy, [rows, columns], stride),
        bias: bias && sumRows(tf.reshape(dy, [-1, bias.shape[0]])),
      };
    },
  });

/**
 * Convolution on [B, H, W, C] with `${scope}.weight` [O, I, kh, kw] (the reference's shape) and `.bias` [O].
 * @param padding zeros on each side, default none; strides other than 1 are for downsampling
 * @param biased false for a layer that has no `.bias`
 */
export function conv2d(
  params: ParamMap,
  scope: string,
  x: Tensor4D,
  {
    stride = 1,
    padding = [0, 0, 0, 0],
    biased = true,
  }: { stride?: number; padding?: Padding; biased?: boolean } = {},
): Tensor4D {
  return applyAndDispose(
    tf.transpose(kernel4d(params, `${scope}.weight`), [2, 3, 1, 0]),
    (filter) => {
      const bias = biased ? vector(params, `${scope}.bias`) : undefined;
      return convolve(x, filter, bias, stride, padding);
    },
  );
}

/** Nearest-neighbour enlargement by 2 of [B, H, W, C], from concatenations, whose gradient every backend has. */
export function upsampleNearest2x(x: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  return tf.tidy(() => {
    const columns = tf.reshape(x, [batch * height, width, channels]);
    const wide = tf.reshape(tf.concat([columns, columns], 2), [
      batch * height,
      1,
      2 * width * channels,
    ]);
    return tf.reshape(tf.concat([wide, wide], 1), [batch, 2 * height, 2 * width, channels]);
  });
}
