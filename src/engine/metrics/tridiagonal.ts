import { StudioError } from "../../common/errors/studioError";
import { finish, type Work } from "./work";

/** Sweeps after which an eigenvalue that has not settled never will; a few are usual. */
const MOST_SWEEPS = 60;

/** Told each plane rotation of coordinates i and i + 1, whose product turns the matrix diagonal. */
type Rotate = (i: number, cos: number, sin: number) => void;

/**
 * Eigenvalues of a symmetric tridiagonal matrix, by QL steps with Wilkinson's shift, into `diagonal` in no order.
 * Small eigenvalues are exact to round-off of the largest. Pauses after every eigenvalue.
 *
 * @param diagonal [n], overwritten
 * @param offDiagonal [n - 1], overwritten
 * @throws StudioError INTERNAL when a value does not settle (entries that are not numbers)
 * @source Golub and Van Loan, Matrix Computations, 8.3
 */
export function* tridiagonalEigenWork(
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  rotate?: Rotate,
): Work<void> {
  const n = diagonal.length;
  const size = (values: Float64Array) =>
    values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const negligible = Number.EPSILON * Math.max(size(diagonal), size(offDiagonal));
  for (let first = 0; first < n; first++) {
    for (let sweep = 0; ; sweep++) {
      const last = blockEnd(offDiagonal, first, negligible);
      if (last === first) break;
      if (sweep === MOST_SWEEPS) {
        throw new StudioError(
          "INTERNAL",
          `Eigenvalue ${first} of ${n} did not settle in ${MOST_SWEEPS} sweeps.`,
          "The features may hold values beyond float64's range; check the encoder.",
        );
      }
      qlSweep(diagonal, offDiagonal, first, last, rotate);
    }
    yield { done: first + 1, all: n };
  }
}

/** `tridiagonalEigenWork` without a pause. */
export const tridiagonalEigen = (
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  rotate?: Rotate,
): void => finish(tridiagonalEigenWork(diagonal, offDiagonal, rotate));

/** The last row of the block that starts at `first` and is not split by a negligible entry. */
function blockEnd(offDiagonal: Float64Array, first: number, negligible: number): number {
  let last = first;
  while (last < offDiagonal.length && Math.abs(offDiagonal[last] ?? 0) > negligible) last++;
  return last;
}

/** One implicitly shifted QL step on rows first..last: the bulge is chased upwards from the last row. */
function qlSweep(
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  first: number,
  last: number,
  rotate?: Rotate,
) {
  const top = diagonal[first] ?? 0;
  const beside = offDiagonal[first] ?? 0;
  const half = ((diagonal[first + 1] ?? 0) - top) / 2;
  // the eigenvalue of the leading 2 x 2 block that is nearer to its first entry
  const root = Math.sqrt(half * half + beside * beside);
  const shift = top - (beside * beside) / (half + (half < 0 ? -root : root));
  let lead = (diagonal[last] ?? 0) - shift;
  let [cos, sin, moved] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const entry = offDiagonal[i] ?? 0;
    const bulge = sin * entry;
    const kept = cos * entry;
    const length = Math.sqrt(bulge * bulge + lead * lead);
    if (i + 1 < last) offDiagonal[i + 1] = length;
    if (length === 0) {
      // the rotation is undefined: the block has split below this row
      diagonal[i + 1] = (diagonal[i + 1] ?? 0) - moved;
      return;
    }
    sin = bulge / length;
    cos = lead / length;
    const below = (diagonal[i + 1] ?? 0) - moved;
    const mixed = ((diagonal[i] ?? 0) - below) * sin + 2 * cos * kept;
    moved = sin * mixed;
    diagonal[i + 1] = below + moved;
    lead = cos * mixed - kept;
    rotate?.(i, cos, sin);
  }
  diagonal[first] = (diagonal[first] ?? 0) - moved;
  offDiagonal[first] = lead;
}
