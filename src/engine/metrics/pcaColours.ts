import { takeRows, type Matrix } from "./matrix";
import { principalComponentsWork, project, type PrincipalBasis } from "./pca";
import { finish, type Work } from "./work";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * Coordinates [N, P] to [0, 1] by each component's range over the rows a basis was fitted on; beyond it they
 * are clamped.
 *
 * @param fitted those rows; all when left out
 */
export function minMaxColours(projection: Matrix, fitted?: ArrayLike<number>): Matrix {
  const { cols } = projection;
  const rows = fitted ? takeRows(projection, fitted) : projection;
  const low = new Float64Array(cols).fill(Infinity);
  const high = new Float64Array(cols).fill(-Infinity);
  rows.values.forEach((value, at) => {
    low[at % cols] = Math.min(low[at % cols] ?? value, value);
    high[at % cols] = Math.max(high[at % cols] ?? value, value);
  });
  const values = projection.values.map((value, at) => {
    const [from, to] = [low[at % cols] ?? 0, high[at % cols] ?? 0];
    return to > from ? Math.min(1, Math.max(0, (value - from) / (to - from))) : 0.5;
  });
  return { ...projection, values };
}

/**
 * sigmoid(2 × coordinate / deviation): colours that do not follow a single outlying patch, and that compare
 * between maps projected on one basis.
 *
 * @source DINOv3 notebooks/pca.ipynb
 */
export function sigmoidColours(projection: Matrix, { variances }: PrincipalBasis): Matrix {
  const { cols } = projection;
  const values = projection.values.map((value, at) =>
    sigmoid((2 * value) / Math.sqrt(variances[at % cols] ?? 1)),
  );
  return { ...projection, values };
}

/** Tokens as colours: their coordinates along the three largest principal components. */
export interface FeatureColours {
  /** uint8 RGB [N, 3]. */
  readonly rgb: Uint8Array;
  /** Share of the tokens' variance the three components hold. */
  readonly explained: number;
}

/**
 * `minMaxColours` of tokens on their own basis, as bytes. Colours can be compared between images of one call, not
 * between calls.
 * @param tokens [N, D], N at least 4 and D at least 3
 * @throws StudioError OUT_OF_RANGE when there are too few
 * @source DINOv2 (arXiv:2304.07193) Fig. 1
 */
export function* featureColoursWork(tokens: Matrix): Work<FeatureColours> {
  const basis = yield* principalComponentsWork(tokens, 3);
  const { values } = minMaxColours(project(tokens, basis));
  return {
    rgb: Uint8Array.from(values, (value) => Math.round(255 * value)),
    explained: explainedShare(tokens, basis),
  };
}

/** `featureColoursWork` without a pause. */
export const featureColours = (tokens: Matrix): FeatureColours =>
  finish(featureColoursWork(tokens));

/** Variance along the basis over all variance. */
function explainedShare(
  { values, rows, cols }: Matrix,
  { mean, variances }: PrincipalBasis,
): number {
  let total = 0;
  values.forEach((value, at) => (total += (value - (mean[at % cols] ?? 0)) ** 2));
  const held = variances.reduce((sum, variance) => sum + variance, 0);
  return total > 0 ? held / (total / (rows - 1)) : 0;
}
