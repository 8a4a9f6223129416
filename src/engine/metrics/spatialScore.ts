import { StudioError } from "../../common/errors/studioError";

/** How much more alike near tokens of a picture are than distant ones. */
export interface SpatialScore {
  /** `near` less `distant`: local against distant similarity. */
  readonly score: number;
  /** Mean cosine of a token with its neighbours above, below, left and right. */
  readonly near: number;
  /** Mean cosine of tokens at least `distance` apart (rows plus columns). */
  readonly distant: number;
  readonly distance: number;
}

/** Rows plus columns between two tokens that count as distant; the public code's own value, on 16 x 16 tokens. */
const DISTANT = 6;

/** Unit rows of tokens [T, D]; a token of zeros stays zero. */
function unitRows(tokens: Float32Array, width: number): Float64Array {
  const unit = Float64Array.from(tokens);
  for (let at = 0; at < unit.length; at += width) {
    let squares = 0;
    for (let d = at; d < at + width; d++) squares += (unit[d] ?? 0) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let d = at; d < at + width; d++) unit[d] = (unit[d] ?? 0) * scale;
  }
  return unit;
}

/** Means over the token pairs of one picture. */
function pictureMeans(unit: Float64Array, grid: number, width: number, distance: number) {
  let [near, nearPairs, distant, distantPairs] = [0, 0, 0, 0];
  const cosine = (a: number, b: number) => {
    let sum = 0;
    for (let d = 0; d < width; d++) sum += (unit[a * width + d] ?? 0) * (unit[b * width + d] ?? 0);
    return sum;
  };
  for (let a = 0; a < grid * grid; a++) {
    const [row, column] = [Math.floor(a / grid), a % grid];
    for (let b = a + 1; b < grid * grid; b++) {
      const apart = Math.floor(b / grid) - row + Math.abs((b % grid) - column);
      if (apart === 1) {
        near += cosine(a, b);
        nearPairs++;
      } else if (apart >= distance) {
        distant += cosine(a, b);
        distantPairs++;
      }
    }
  }
  return { near: near / nearPairs, distant: distant / distantPairs };
}

/**
 * Local against distant similarity of patch tokens, the mean over pictures: what iREPA finds to go with how much an
 * encoder helps as a target. On grids too small for pairs six apart, the largest distance there is counts.
 * @param tokens [images, grid², width], row-major
 * @throws StudioError SHAPE_MISMATCH when there is no image, or a picture has fewer than 2 x 2 tokens
 * @source arXiv:2512.10794, LDS; the distances are those of its public code
 */
export function spatialScore(tokens: Float32Array, grid: number, width: number): SpatialScore {
  const length = grid * grid * width;
  const images = tokens.length / length;
  if (grid < 2 || !Number.isInteger(images) || images < 1) {
    throw new StudioError(
      "SHAPE_MISMATCH",
      `${tokens.length} numbers are not tokens of ${grid} x ${grid} positions and width ${width}.`,
      "Give the tokens of at least one picture, of 2 x 2 positions or more.",
    );
  }
  const distance = Math.min(DISTANT, 2 * (grid - 1));
  let [near, distant] = [0, 0];
  for (let image = 0; image < images; image++) {
    const own = tokens.subarray(image * length, (image + 1) * length);
    const means = pictureMeans(unitRows(own, width), grid, width, distance);
    near += means.near / images;
    distant += means.distant / images;
  }
  return { score: near - distant, near, distant, distance };
}
