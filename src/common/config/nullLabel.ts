import type { Experiment } from "./experiment";

/**
 * The null label stands for "no class": labels are replaced by it in training, so that guidance can work. Where labels are
 * never dropped it is never trained, and there is none: the label table has no row for it, nothing is conditioned on it, and
 * guidance cannot act.
 * @source REPA models/sit.py LabelEmbedder, use_cfg_embedding
 */
export const hasNullLabel = ({ optimizer }: Pick<Experiment, "optimizer">): boolean =>
  optimizer.labelDrop > 0;

/** Rows of the label table: a class each, and the null label's at the end. */
export const labelRows = (classes: number, isNullLabelThere: boolean): number =>
  classes + (isNullLabelThere ? 1 : 0);

/** The guidance scale samples are drawn with; 1, which is none, where there is no null label. */
export const guidanceInForce = (experiment: Pick<Experiment, "optimizer" | "sampling">): number =>
  hasNullLabel(experiment) ? experiment.sampling.guidanceScale : 1;
