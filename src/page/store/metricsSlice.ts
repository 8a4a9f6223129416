import { measurementKey } from "../../common/protocol/measurementSeries";
import type { Measurement, RunEvent } from "../../common/protocol/trainer";

/** Measurements by kind; a list ascends by step, with one entry a (step, series). */
export type MetricsState = {
  readonly [Kind in Measurement["kind"]]: readonly Extract<Measurement, { kind: Kind }>[];
};

export interface MetricsSlice {
  readonly metrics: MetricsState;
}

export const initialMetrics: MetricsState = {
  sampleQuality: [],
  layerAlignment: [],
  gradientConflict: [],
};

export const reduceMetrics = (metrics: MetricsState, event: RunEvent): MetricsState =>
  event.type === "measurement" ? recordMeasurement(metrics, event.measurement) : metrics;

/** A measurement made again (after a resume) replaces the one it repeats. */
export const recordMeasurement = (metrics: MetricsState, added: Measurement): MetricsState => ({
  ...metrics,
  [added.kind]: recorded(metrics[added.kind], added),
});

/** The list with `added` in its place, instead of the one it repeats. */
const recorded = (list: readonly Measurement[], added: Measurement): readonly Measurement[] => {
  const key = measurementKey(added);
  const others = list.filter((known) => measurementKey(known) !== key);
  return [...others, added].sort((a, b) => a.step - b.step);
};

export const createMetricsSlice = (): MetricsSlice => ({ metrics: initialMetrics });
