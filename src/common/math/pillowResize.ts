import { StudioError } from "../errors/studioError";

/** An image of whole levels: uint8 RGB [height, width, 3]. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

export type PillowFilter = "box" | "bicubic";

const CHANNELS = 3;
/** Pillow multiplies bytes with whole-numbered weights of this many fractional bits. */
const FRACTION_BITS = 22;

interface Kernel {
  /** Half its width, in outputs. */
  readonly support: number;
  readonly weight: (x: number) => number;
}

const KERNELS: Readonly<Record<PillowFilter, Kernel>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bicubic: {
    support: 2,
    // Keys' kernel with a = -0.5, whether it shrinks or enlarges
    weight: (x) => {
      const d = Math.abs(x);
      if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
      if (d < 2) return (((d - 5) * d + 8) * d - 4) * -0.5;
      return 0;
    },
  },
};

/** Output i is the sum over its `counts[i]` taps of weights[i * taps + k] * input[firsts[i] + k]. */
interface FixedWeights {
  readonly taps: number;
  readonly firsts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array;
}

function fixedWeights(inputs: number, outputs: number, { support, weight }: Kernel): FixedWeights {
  const step = inputs / outputs;
  const stretch = Math.max(step, 1);
  const reach = support * stretch;
  const taps = Math.ceil(reach) * 2 + 1;
  const firsts = new Int32Array(outputs);
  const counts = new Int32Array(outputs);
  const weights = new Int32Array(outputs * taps);
  const row = new Float64Array(taps);
  for (let i = 0; i < outputs; i++) {
    const centre = (i + 0.5) * step;
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const count = Math.min(Math.trunc(centre + reach + 0.5), inputs) - first;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      row[k] = weight((k + first - centre + 0.5) * (1 / stretch));
      sum += row[k] ?? 0;
    }
    for (let k = 0; k < count; k++) {
      const scaled = ((row[k] ?? 0) / sum) * 2 ** FRACTION_BITS;
      weights[i * taps + k] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    firsts[i] = first;
    counts[i] = count;
  }
  return { taps, firsts, counts, weights };
}

/** One pass along the middle axis of [outer, inputs, inner], rounded to bytes. */
function pass(
  input: Uint8Array,
  inputs: number,
  outputs: number,
  inner: number,
  kernel: Kernel,
): Uint8Array {
  if (inputs === outputs) return input;
  const { taps, firsts, counts, weights } = fixedWeights(inputs, outputs, kernel);
  const outer = input.length / (inputs * inner);
  // clamped: bicubic weights overshoot
  const out = new Uint8ClampedArray(outer * outputs * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < outputs; i++) {
      const from = (o * inputs + (firsts[i] ?? 0)) * inner;
      const to = (o * outputs + i) * inner;
      const count = counts[i] ?? 0;
      for (let c = 0; c < inner; c++) {
        let sum = 1 << (FRACTION_BITS - 1);
        for (let k = 0; k < count; k++) {
          sum += (input[from + k * inner + c] ?? 0) * (weights[i * taps + k] ?? 0);
        }
        out[to + c] = sum >> FRACTION_BITS;
      }
    }
  }
  return new Uint8Array(out.buffer);
}

/**
 * Resizes as Pillow's `Image.resize` does, to the bit: columns first, then rows, each pass rounded to bytes in
 * fixed point, antialiased when it shrinks, and left out where the size stays.
 *
 * @returns uint8 RGB [height, width, 3]
 * @source Pillow 9.4.0, libImaging/Resample.c (8 bits a channel)
 * @throws StudioError SHAPE_MISMATCH when the bytes are not width x height x 3, or a side is not positive
 */
export function pillowResize(
  { width, height, rgb }: RgbImage,
  to: { readonly width: number; readonly height: number },
  filter: PillowFilter,
): RgbImage {
  const sides = [width, height, to.width, to.height];
  const legal = sides.every((side) => Number.isInteger(side) && side > 0);
  if (!legal || rgb.length !== width * height * CHANNELS) {
    throw new StudioError(
      "SHAPE_MISMATCH",
      `${rgb.length} bytes cannot be resized from ${width} x ${height} px to ${to.width} x ${to.height} px.`,
      "Give three bytes a pixel and positive sizes.",
    );
  }
  const kernel = KERNELS[filter];
  const narrowed = pass(rgb, width, to.width, CHANNELS, kernel);
  return { ...to, rgb: pass(narrowed, height, to.height, to.width * CHANNELS, kernel) };
}
