import { meanAndStd } from "./intervals";
import type { Matrix } from "./matrix";

/** Rows [from, to) of one part. */
export type Part = readonly [from: number, to: number];

/** Consecutive parts of `size` rows; the last may be shorter (ADM's evaluator, size 5,000). */
export const partsOfSize = (rows: number, size: number): Part[] =>
  Array.from({ length: Math.ceil(rows / size) }, (_, i) => [
    i * size,
    Math.min((i + 1) * size, rows),
  ]);

/** `count` parts as equal as integers allow (torch-fidelity). */
export const equalParts = (rows: number, count: number): Part[] =>
  Array.from({ length: count }, (_, i) => [
    Math.floor((i * rows) / count),
    Math.floor(((i + 1) * rows) / count),
  ]);

/** log softmax of each row: never the logarithm of an underflowed probability. */
function logSoftmax({ values, rows, cols }: Matrix): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < rows; i++) {
    const row = values.subarray(i * cols, (i + 1) * cols);
    const top = row.reduce((best, value) => Math.max(best, value), -Infinity);
    const logSum = top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
    row.forEach((value, j) => (out[i * cols + j] = value - logSum));
  }
  return out;
}

function partScore(logP: Float64Array, cols: number, [from, to]: Part): number {
  const marginal = new Float64Array(cols);
  for (let at = from * cols; at < to * cols; at++) {
    marginal[at % cols] = (marginal[at % cols] ?? 0) + Math.exp(logP[at] ?? 0) / (to - from);
  }
  let divergence = 0;
  for (let at = from * cols; at < to * cols; at++) {
    const probability = Math.exp(logP[at] ?? 0);
    // 0 log 0 = 0, also where the marginal underflows
    if (probability > 0) {
      divergence += probability * ((logP[at] ?? 0) - Math.log(marginal[at % cols] ?? 0));
    }
  }
  return Math.exp(divergence / (to - from));
}

/**
 * Inception score of logits [N, C]: exp of the mean KL from each image's class distribution to its part's
 * marginal. Few rows a part bias it downwards: below a few thousand images use one part and say so.
 *
 * @source Salimans et al. 2016; guided-diffusion evaluator.py, torch-fidelity metric_isc.py
 */
export function inceptionScore(
  logits: Matrix,
  parts: readonly Part[] = [[0, logits.rows]],
): { scores: number[]; mean: number; std: number } {
  const logP = logSoftmax(logits);
  const scores = parts.map((part) => partScore(logP, logits.cols, part));
  return { scores, ...meanAndStd(scores) };
}
