import type { Interval } from "./intervals";
import { columnMoments, knnClassifyWork, standardise } from "./knn";
import type { LabelledFeatures } from "./labelled";
import { linearProbeWork } from "./linearProbe";
import { piece, type Work } from "./work";

/** DINO's vote, as far as there are so many training rows. */
const KNN_K = 20;
const KNN_TEMPERATURE = 0.07;

/** Linear probe and k-NN of one feature set, with what must be said beside them. */
export interface ProbeFigures {
  readonly accuracy: Interval;
  readonly trainAccuracy: number;
  readonly knn: Interval;
  readonly trainCount: number;
  readonly testCount: number;
  readonly classCount: number;
  /** Share of the most frequent class among the test rows. */
  readonly majority: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly knnK: number;
}

/** Share of the most frequent label. */
function majorityShare(labels: ArrayLike<number>, classCount: number): number {
  const counts = new Float64Array(classCount);
  for (const label of Array.from(labels)) counts[label] = (counts[label] ?? 0) + 1;
  return counts.reduce((most, count) => Math.max(most, count), 0) / labels.length;
}

/**
 * `linearProbeWork` and k-NN (k = 20, τ = 0.07, columns standardised by the training rows: a block's hidden state has
 * a few very large ones, which would decide every cosine) on the same rows.
 *
 * @throws StudioError SHAPE_MISMATCH when labels and features disagree; OUT_OF_RANGE below 2 training rows
 */
export function* probeFeaturesWork(
  train: LabelledFeatures,
  test: LabelledFeatures,
  options: { readonly classCount: number; readonly seed: number; readonly epochs: number },
): Work<ProbeFigures> {
  const { classCount, epochs } = options;
  const probe = yield* piece(linearProbeWork(train, test, options), 0, 2);
  const moments = columnMoments(train.features);
  const scaled = ({ features, labels }: LabelledFeatures): LabelledFeatures => ({
    features: standardise(features, moments),
    labels,
  });
  const knnK = Math.min(KNN_K, train.features.rows);
  const votes = { classCount, k: knnK, temperature: KNN_TEMPERATURE };
  const knn = yield* piece(knnClassifyWork(scaled(train), scaled(test), votes), 1, 2);
  return {
    accuracy: probe.accuracy,
    trainAccuracy: probe.trainAccuracy,
    knn: knn.accuracy,
    trainCount: train.features.rows,
    testCount: test.features.rows,
    classCount,
    majority: majorityShare(test.labels, classCount),
    epochs,
    batchSize: probe.batchSize,
    knnK,
  };
}
