import type { LayerAlignment, Measurement, RunEvent, SampleQuality } from "../protocol/trainer";

/** Both lists ascend by step; one entry a (step, space) or (step, encoder). */
export interface MetricsState {
  readonly quality: readonly SampleQuality[];
  readonly alignment: readonly LayerAlignment[];
}

export interface MetricsSlice {
  readonly metrics: MetricsState;
}

export const initialMetrics: MetricsState = { quality: [], alignment: [] };

export const reduceMetrics = (metrics: MetricsState, event: RunEvent): MetricsState =>
  event.type === "measurement" ? recordMeasurement(metrics, event.measurement) : metrics;

/** A measurement made again (after a resume) replaces the one it repeats. */
export function recordMeasurement(metrics: MetricsState, measurement: Measurement): MetricsState {
  if (measurement.kind === "sampleQuality") {
    const others = metrics.quality.filter(
      ({ step, space }) => step !== measurement.step || space !== measurement.space,
    );
    return { ...metrics, quality: [...others, measurement].sort(byStep) };
  }
  const others = metrics.alignment.filter(
    ({ step, encoder }) => step !== measurement.step || encoder !== measurement.encoder,
  );
  return { ...metrics, alignment: [...others, measurement].sort(byStep) };
}

const byStep = (a: { readonly step: number }, b: { readonly step: number }) => a.step - b.step;

export const createMetricsSlice = (): MetricsSlice => ({ metrics: initialMetrics });
