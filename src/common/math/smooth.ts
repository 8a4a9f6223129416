import type { Column } from "./decimate";

/** Where an average stands after a point: what it takes to go on from there. */
export interface Average {
  /** x of the point. */
  readonly place: number;
  readonly sum: number;
  readonly mass: number;
  /** NaN before the first finite value. */
  readonly value: number;
}

/**
 * Exponential moving average without the bias toward its start: s_i = Σ w^(x_i-x_j) y_j / Σ w^(x_i-x_j).
 * Values that are not finite are skipped and repeat the average before them.
 * @param length points to consider, from the front
 * @param weight w in [0, 1): 0 gives the values back
 * @param places x, ascending, at least `length` of them; absent, the points are one apart. A curve of which every fourth
 *   point is kept is then smoothed over as many steps as the whole one.
 * @param before the average of the curve that this one goes on with; it needs places
 * @source Adam (arXiv:1412.6980) section 3, bias correction
 */
export function exponentialSmooth(
  values: Column,
  length: number,
  weight: number,
  places?: Column,
  before?: Average,
): Float64Array {
  const smooth = new Float64Array(length);
  follow({ values, length, weight, places, before }, (value, index) => {
    smooth[index] = value;
  });
  return smooth;
}

/** The average after the last point, to smooth on from there; `before` when there is no point. */
export const averageAfter = (
  values: Column,
  length: number,
  weight: number,
  places: Column,
  before?: Average,
): Average | undefined =>
  follow({ values, length, weight, places, before }, () => undefined) ?? before;

interface Followed {
  readonly values: Column;
  readonly length: number;
  readonly weight: number;
  readonly places: Column | undefined;
  readonly before: Average | undefined;
}

/** @returns where the average stands in the end; undefined when there was no point */
function follow(
  { values, length, weight, places, before }: Followed,
  onValue: (value: number, index: number) => void,
): Average | undefined {
  let { place, sum, mass, value } = before ?? { place: 0, sum: 0, mass: 0, value: NaN };
  for (let index = 0; index < length; index++) {
    const next = places ? (places[index] ?? 0) : index;
    const gap = next - place;
    const kept = gap === 1 ? weight : weight ** gap;
    const added = values[index] ?? NaN;
    place = next;
    sum *= kept;
    mass *= kept;
    if (Number.isFinite(added)) {
      sum += (1 - weight) * added;
      mass += 1 - weight;
    }
    if (mass > 0) value = sum / mass;
    onValue(value, index);
  }
  return length > 0 ? { place, sum, mass, value } : undefined;
}
