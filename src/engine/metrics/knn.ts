import { wilsonInterval, type Interval } from "./intervals";
import { assertLabelled, type LabelledFeatures } from "./labelled";
import { columnMeans, l2NormaliseRows, subtractRow, type Matrix } from "./matrix";
import { nearestRows } from "./neighbours";
import type { Work } from "./work";

export interface KnnOptions {
  readonly classCount: number;
  readonly k?: number;
  /** τ of the vote weights exp(cos / τ); `undefined` counts every neighbour alike (ties to the lower class). */
  readonly temperature?: number | undefined;
}

export interface KnnResult {
  readonly predictions: readonly number[];
  readonly accuracy: Interval;
}

/** Mean and standard deviation (ddof 0) of every column, to be fitted on training rows alone. */
export function columnMoments(features: Matrix): { mean: Float64Array; std: Float64Array } {
  const mean = columnMeans(features);
  const centred = subtractRow(features, mean);
  const squares = columnMeans({ ...centred, values: centred.values.map((value) => value * value) });
  return { mean, std: squares.map(Math.sqrt) };
}

/** Columns at mean 0 and deviation 1 by the given moments; a constant column stays 0. */
export function standardise(
  features: Matrix,
  { mean, std }: { readonly mean: Float64Array; readonly std: Float64Array },
): Matrix {
  const centred = subtractRow(features, mean);
  const { cols } = features;
  const values = centred.values.map((value, at) => {
    const deviation = std[at % cols] ?? 0;
    return deviation > 0 ? value / deviation : 0;
  });
  return { ...features, values };
}

/**
 * k-NN classification by cosine similarity, as DINO's: the k nearest training rows vote with weight
 * exp(cos / τ). Features enter as they are; `standardise` first where dimensions have very unequal scales.
 *
 * @throws StudioError SHAPE_MISMATCH when labels and features disagree; OUT_OF_RANGE when k exceeds the rows
 * @source facebookresearch/dino eval_knn.py (k = 20, τ = 0.07)
 */
export function* knnClassifyWork(
  train: LabelledFeatures,
  test: LabelledFeatures,
  options: KnnOptions,
): Work<KnnResult> {
  const { classCount, k = 20, temperature } = options;
  assertLabelled(train, test, classCount);
  const [queries, bank] = [l2NormaliseRows(test.features), l2NormaliseRows(train.features)];
  const { index, value } = yield* nearestRows(queries, bank, k);
  const predictions = Array.from({ length: queries.rows }, (_, i) => {
    const votes = new Float64Array(classCount);
    for (let at = i * k; at < (i + 1) * k; at++) {
      const label = train.labels[index[at] ?? 0] ?? 0;
      const weight = temperature === undefined ? 1 : Math.exp((value[at] ?? 0) / temperature);
      votes[label] = (votes[label] ?? 0) + weight;
    }
    return votes.reduce((best, vote, c) => (vote > (votes[best] ?? 0) ? c : best), 0);
  });
  const correct = predictions.filter((label, i) => label === test.labels[i]).length;
  return { predictions, accuracy: wilsonInterval(correct, queries.rows) };
}
