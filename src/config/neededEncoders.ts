import {
  EVALUATION_ENCODER,
  type EncoderId,
  type Experiment,
  type TimelineEntry,
} from "./experiment";

/** Encoders whose features a run needs: those it aligns with at any step of its timeline, and the measuring one. */
export function neededEncoders(
  experiment: Experiment,
  timeline: readonly TimelineEntry[],
): EncoderId[] {
  const changed = timeline.flatMap(({ change }) => change.encoders ?? []);
  return [...new Set([...experiment.alignment.encoders, ...changed, EVALUATION_ENCODER])];
}
