import { shapeMismatch, type Matrix } from "./matrix";

/** Features with the class of each row, 0 to classCount - 1. */
export interface LabelledFeatures {
  readonly features: Matrix;
  readonly labels: ArrayLike<number>;
}

/** @throws StudioError SHAPE_MISMATCH when widths or label counts disagree or a label is no class */
export function assertLabelled(
  train: LabelledFeatures,
  test: LabelledFeatures,
  classCount: number,
) {
  const width = train.features.cols;
  for (const { features, labels } of [train, test]) {
    if (labels.length !== features.rows || features.cols !== width) {
      throw shapeMismatch(
        `${labels.length} labels and features of [${features.rows}, ${features.cols}] given beside width ${width}.`,
      );
    }
    const bad = Array.from(labels).find((y) => !Number.isInteger(y) || y < 0 || y >= classCount);
    if (bad !== undefined) throw shapeMismatch(`Label ${bad} is none of ${classCount} classes.`);
  }
}
