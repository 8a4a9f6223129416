import { takeRows, type Matrix } from "./matrix";
import type { PrincipalBasis } from "./pca";

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
