import type { ParityResult } from "./types";

type Numbers = ArrayLike<number>;

/** error / tolerance, with 0 / 0 a pass. */
const share = ({ error, tolerance }: ParityResult): number => (error === 0 ? 0 : error / tolerance);

/** The result furthest towards (or past) its limit, with the counts added up; no result is a failure. */
export function worstOf(results: readonly ParityResult[]): ParityResult {
  const [first, ...rest] = results;
  if (!first) return { error: Infinity, tolerance: 0, worst: "nothing compared", compared: 0 };
  const worst = rest.reduce((best, next) => (share(next) > share(best) ? next : best), first);
  return { ...worst, compared: results.reduce((sum, { compared }) => sum + (compared ?? 0), 0) };
}

/** Largest |got - want|; NaN or a missing number counts as infinite. */
export function largestDifference(got: Numbers, want: Numbers): number {
  if (got.length !== want.length) return Infinity;
  let error = 0;
  for (let i = 0; i < want.length; i++) {
    const difference = Math.abs((got[i] ?? NaN) - (want[i] ?? NaN));
    if (!(difference <= error)) error = Number.isNaN(difference) ? Infinity : difference;
  }
  return error;
}

/** One comparison of whole arrays under one absolute tolerance. */
export const compareArrays = (
  name: string,
  got: Numbers,
  want: Numbers,
  tolerance: number,
): ParityResult => ({
  error: largestDifference(got, want),
  tolerance,
  worst: name,
  compared: want.length,
});

export const maxAbs = (values: Numbers): number =>
  largestDifference(values, new Float32Array(values.length));

/** Sum, l2 norm and dot product with `start`, in float64: the manifests' reductions of a whole tensor. */
export function reductions(
  values: Numbers,
  start: Numbers,
): [sum: number, l2: number, dot: number] {
  let [sum, squares, dot] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    sum += value;
    squares += value * value;
    dot += value * (start[i] ?? NaN);
  }
  return [sum, Math.sqrt(squares), dot];
}

/** [N, C, H, W] of the references to [N, H, W, C] of this project. */
export function toNhwc(values: Numbers, [n, c, h, w]: readonly number[]): Float32Array {
  const [channels, pixels] = [c ?? 0, (h ?? 0) * (w ?? 0)];
  const out = new Float32Array(values.length);
  for (let image = 0; image < (n ?? 0); image++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        out[(image * pixels + pixel) * channels + channel] =
          values[(image * channels + channel) * pixels + pixel] ?? NaN;
      }
    }
  }
  return out;
}

/** The way back; `shape` is the reference's [N, C, H, W]. */
export function toNchw(values: Numbers, [n, c, h, w]: readonly number[]): Float32Array {
  const [channels, pixels] = [c ?? 0, (h ?? 0) * (w ?? 0)];
  const out = new Float32Array(values.length);
  for (let image = 0; image < (n ?? 0); image++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        out[(image * channels + channel) * pixels + pixel] =
          values[(image * pixels + pixel) * channels + channel] ?? NaN;
      }
    }
  }
  return out;
}

/** Computes once, when first asked. */
export function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= compute());
}
