import type { Matrix } from "./matrix";
import { principalComponents, project } from "./pca";

/** Tokens as colours: their coordinates along the three largest principal components. */
export interface PcaColours {
  /** uint8 RGB [N, 3]. */
  readonly rgb: Uint8Array;
  /** Share of the tokens' variance the three components hold. */
  readonly explained: number;
}

/**
 * Each component stretched to 0..255 between its least and largest value over all rows, so that pictures of one call
 * share their colours and those of two calls do not.
 * @param tokens [N, D], N and D at least 4 and 3
 * @throws StudioError OUT_OF_RANGE when there are too few tokens
 * @source DINOv2 (arXiv:2304.07193) Fig. 1; the golden metrics/pca, rgb_minmax
 */
export function pcaColours(tokens: Matrix): PcaColours {
  const basis = principalComponents(tokens, 3);
  const { values } = project(tokens, basis);
  const rgb = new Uint8Array(values.length);
  for (let channel = 0; channel < 3; channel++) {
    let [low, high] = [Infinity, -Infinity];
    for (let at = channel; at < values.length; at += 3) {
      low = Math.min(low, values[at] ?? 0);
      high = Math.max(high, values[at] ?? 0);
    }
    const scale = high > low ? 255 / (high - low) : 0;
    for (let at = channel; at < values.length; at += 3) {
      rgb[at] = Math.round(((values[at] ?? 0) - low) * scale);
    }
  }
  return { rgb, explained: explainedShare(tokens, basis) };
}

/** Variance along the basis over all variance. */
function explainedShare(
  { values, rows, cols }: Matrix,
  { mean, variances }: ReturnType<typeof principalComponents>,
): number {
  let total = 0;
  for (let at = 0; at < values.length; at++) {
    total += ((values[at] ?? 0) - (mean[at % cols] ?? 0)) ** 2;
  }
  const held = variances.reduce((sum, variance) => sum + variance, 0);
  return total > 0 ? held / (total / (rows - 1)) : 0;
}
