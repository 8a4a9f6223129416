import type {
  GradientConflict,
  LayerAlignment,
  Measurement,
  RunEvent,
  SampleQuality,
} from "../../common/protocol/trainer";

/** The lists ascend by step; one entry a (step, space), (step, encoder) or step. */
export interface MetricsState {
  readonly quality: readonly SampleQuality[];
  readonly alignment: readonly LayerAlignment[];
  readonly conflict: readonly GradientConflict[];
}

export interface MetricsSlice {
  readonly metrics: MetricsState;
}

export const initialMetrics: MetricsState = { quality: [], alignment: [], conflict: [] };

export const reduceMetrics = (metrics: MetricsState, event: RunEvent): MetricsState =>
  event.type === "measurement" ? recordMeasurement(metrics, event.measurement) : metrics;

/** A measurement made again (after a resume) replaces the one it repeats. */
export function recordMeasurement(metrics: MetricsState, measurement: Measurement): MetricsState {
  switch (measurement.kind) {
    case "sampleQuality": {
      const same = (m: SampleQuality) => m.space === measurement.space;
      return { ...metrics, quality: recorded(metrics.quality, measurement, same) };
    }
    case "layerAlignment": {
      const same = (m: LayerAlignment) => m.encoder === measurement.encoder;
      return { ...metrics, alignment: recorded(metrics.alignment, measurement, same) };
    }
    case "gradientConflict":
      return { ...metrics, conflict: recorded(metrics.conflict, measurement, () => true) };
  }
}

/** The list with `added` in its place, instead of those of its step that are the same. */
const recorded = <M extends Measurement>(
  list: readonly M[],
  added: M,
  same: (known: M) => boolean,
): M[] =>
  [...list.filter((known) => known.step !== added.step || !same(known)), added].sort(byStep);

const byStep = (a: { readonly step: number }, b: { readonly step: number }) => a.step - b.step;

export const createMetricsSlice = (): MetricsSlice => ({ metrics: initialMetrics });
