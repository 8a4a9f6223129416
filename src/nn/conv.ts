import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { sumRows } from "../kernels/linear";
import { kernel4d, vector, type ParamMap } from "./params";

/** Zeros around (or on some sides of) an image: [top, bottom, left, right]. */
type Padding = readonly [top: number, bottom: number, left: number, right: number];

const pad = (x: Tensor4D, [top, bottom, left, right]: Padding): Tensor4D =>
  top + bottom + left + right === 0
    ? x
    : tf.pad(x, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]);

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
        stride === 1 // the plain slice is much the faster on wasm
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

/** The gradient of the padded input. At stride 1 it is a convolution with the flipped kernel, which every backend is fast at. */
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

function convolve(x: Tensor4D, filter: Tensor4D, stride: number): Tensor4D {
  const op = tf.customGrad((input, kernel, save) => {
    const [image, weights] = [input as Tensor4D, kernel as Tensor4D];
    (save as tf.GradSaveFunc)([image, weights]);
    return {
      value: tf.conv2d(image, weights, stride, "valid"),
      gradFunc: (dy, saved) => {
        const [savedX, savedW] = saved as [Tensor4D, Tensor4D];
        const size = [savedW.shape[0], savedW.shape[1]] as const;
        return [
          inputGradient(dy as Tensor4D, savedW, savedX.shape, stride),
          kernelGradient(savedX, dy as Tensor4D, size, stride),
        ];
      },
    };
  });
  return op(x, filter) as Tensor4D;
}

const addBias = (x: Tensor4D, bias: Tensor1D): Tensor4D => {
  const op = tf.customGrad((input, b) => ({
    value: tf.add(input as Tensor4D, b as Tensor1D),
    gradFunc: (dy) => [dy, sumRows(tf.reshape(dy, [-1, bias.shape[0]]))],
  }));
  return op(x, bias) as Tensor4D;
};

/**
 * Convolution on [B, H, W, C] with `${scope}.weight` [O, I, kh, kw] (the reference's shape) and `.bias` [O].
 * @param padding zeros on each side, default none; strides other than 1 are for downsampling
 */
export function conv2d(
  params: ParamMap,
  scope: string,
  x: Tensor4D,
  { stride = 1, padding = [0, 0, 0, 0] }: { stride?: number; padding?: Padding } = {},
): Tensor4D {
  const filter = tf.transpose(kernel4d(params, `${scope}.weight`), [2, 3, 1, 0]);
  return addBias(convolve(pad(x, padding), filter, stride), vector(params, `${scope}.bias`));
}

/** Nearest-neighbour enlargement by 2 of [B, H, W, C], from concatenations, whose gradient every backend has. */
export function upsampleNearest2x(x: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const columns = tf.reshape(x, [batch * height, width, channels]);
  const wide = tf.reshape(tf.concat([columns, columns], 2), [
    batch * height,
    1,
    2 * width * channels,
  ]);
  return tf.reshape(tf.concat([wide, wide], 1), [batch, 2 * height, 2 * width, channels]);
}
