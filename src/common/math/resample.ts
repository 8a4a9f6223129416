import { StudioError } from "../errors/studioError";

/**
 * Bicubic resampling, torch's two kinds. `antialias` widens its kernel (a = -0.5) when shrinking and is
 * what position tables are resampled with; `plain` takes four taps (a = -0.75) whatever the ratio and is
 * what images are resized with. They differ when enlarging too. Results may leave the input's range.
 *
 * @source torch.nn.functional.interpolate(mode="bicubic", align_corners=False, antialias=...)
 */
export type BicubicKind = "antialias" | "plain";

/** Output position i is the sum of weights[i * taps + k] * input[indices[i * taps + k]] over its taps. */
interface AxisWeights {
  readonly taps: number;
  readonly indices: Int32Array;
  readonly weights: Float64Array;
}

/** Keys' cubic convolution kernel. */
function cubic(x: number, a: number): number {
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

/** `step` is the input distance between outputs; half-pixel centres, taps outside repeat the border. */
function plainWeights(inputs: number, outputs: number, step: number): AxisWeights {
  const taps = 4;
  const indices = new Int32Array(outputs * taps);
  const weights = new Float64Array(outputs * taps);
  for (let i = 0; i < outputs; i++) {
    const source = step * (i + 0.5) - 0.5;
    const floor = Math.floor(source);
    for (let k = 0; k < taps; k++) {
      const j = floor - 1 + k;
      indices[i * taps + k] = Math.min(Math.max(j, 0), inputs - 1);
      weights[i * taps + k] = cubic(source - j, -0.75);
    }
  }
  return { taps, indices, weights };
}

/** The kernel spans 2 outputs to each side, cut at the border and normalised to sum 1. */
function antialiasWeights(inputs: number, outputs: number): AxisWeights {
  const step = inputs / outputs;
  const stretch = Math.max(step, 1);
  const taps = Math.ceil(4 * stretch) + 1;
  const indices = new Int32Array(outputs * taps);
  const weights = new Float64Array(outputs * taps);
  for (let i = 0; i < outputs; i++) {
    const centre = step * (i + 0.5);
    const low = Math.max(Math.floor(centre - 2 * stretch + 0.5), 0);
    const high = Math.min(Math.floor(centre + 2 * stretch + 0.5), inputs);
    let sum = 0;
    for (let j = low; j < high; j++) sum += cubic((j - centre + 0.5) / stretch, -0.5);
    for (let j = low; j < high; j++) {
      indices[i * taps + j - low] = j;
      weights[i * taps + j - low] = cubic((j - centre + 0.5) / stretch, -0.5) / sum;
    }
  }
  return { taps, indices, weights };
}

/** Resamples the middle axis of [outer, inputs, inner], in float64. */
function alongAxis(
  input: ArrayLike<number>,
  inputs: number,
  outputs: number,
  inner: number,
  { taps, indices, weights }: AxisWeights,
): Float64Array {
  const outer = input.length / (inputs * inner);
  const out = new Float64Array(outer * outputs * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < outputs; i++) {
      const to = (o * outputs + i) * inner;
      for (let k = i * taps; k < (i + 1) * taps; k++) {
        const weight = weights[k] ?? 0;
        if (weight === 0) continue;
        const from = (o * inputs + (indices[k] ?? 0)) * inner;
        for (let c = 0; c < inner; c++)
          out[to + c] = (out[to + c] ?? 0) + weight * (input[from + c] ?? 0);
      }
    }
  }
  return out;
}

export interface ResampleShape {
  readonly height: number;
  readonly width: number;
  /** Values at a position: colours of a pixel, or the width of a position table. */
  readonly channels: number;
}

export interface ResampleOptions {
  readonly kind: BicubicKind;
  /**
   * Input distance between outputs, [rows, columns], where it is not the ratio of the sizes: old DINO
   * code passes a scale factor with an offset of 0.1. Only for `plain`.
   */
  readonly step?: readonly [number, number];
}

/**
 * Resamples one image or position table: [height, width, channels] -> [outHeight, outWidth, channels],
 * computed in float64, rounded to float32 and not clamped.
 *
 * @throws StudioError SHAPE_MISMATCH when the values are not height x width x channels, or a side is not positive
 */
export function resampleBicubic(
  values: ArrayLike<number>,
  { height, width, channels }: ResampleShape,
  [outHeight, outWidth]: readonly [number, number],
  { kind, step }: ResampleOptions,
): Float32Array {
  const sides = [height, width, channels, outHeight, outWidth];
  const legal = sides.every((side) => Number.isInteger(side) && side > 0);
  if (!legal || values.length !== height * width * channels) {
    throw new StudioError(
      "SHAPE_MISMATCH",
      `${values.length} values cannot be resampled from [${height}, ${width}, ${channels}] to [${outHeight}, ${outWidth}].`,
      "Give as many values as the shape says and positive sizes.",
    );
  }
  const axis = (inputs: number, outputs: number, given: number | undefined) =>
    kind === "antialias"
      ? antialiasWeights(inputs, outputs)
      : plainWeights(inputs, outputs, given ?? inputs / outputs);
  const columns = axis(width, outWidth, step?.[1]);
  const rows = axis(height, outHeight, step?.[0]);
  const narrowed = alongAxis(values, width, outWidth, channels, columns);
  return Float32Array.from(alongAxis(narrowed, height, outHeight, outWidth * channels, rows));
}
