import type { FeatureSpaceId } from "../catalogue/featureSpaces";
import type { EncoderId, Experiment, TimelineEntry } from "./experiment";

/** Frozen networks whose features a run reads. */
export interface NeededFeatures {
  /** Encoders it aligns with at any step of its timeline. */
  readonly encoders: readonly EncoderId[];
  /** Where its samples are measured. */
  readonly space: FeatureSpaceId;
}

export function neededFeatures(
  experiment: Experiment,
  timeline: readonly TimelineEntry[],
): NeededFeatures {
  const changed = timeline.flatMap(({ change }) => change.encoders ?? []);
  return {
    encoders: [...new Set([...experiment.alignment.encoders, ...changed])],
    space: experiment.evaluation.space,
  };
}
