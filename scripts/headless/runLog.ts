import { STEP_METRICS, valueOf } from "../../src/common/catalogue/liveMetrics";
import { recordOf } from "../../src/common/math/records";
import { measurementKey, measurementSeries } from "../../src/common/protocol/measurementSeries";
import type { Measurement, StepPoint } from "../../src/common/protocol/trainer";

/** Steps whose mean stands for the final losses: one batch's loss is mostly its times t. */
const FINAL_STEPS = 100;

/**
 * A run's log as read in parts. A run that was cut and resumed logged some steps twice: they are equal by
 * construction, and the newest is kept.
 */
export function createRunLog() {
  const points = new Map<number, StepPoint>();
  const measurements = new Map<string, Measurement>();
  return {
    add(newPoints: readonly StepPoint[], newMeasurements: readonly Measurement[]) {
      for (const point of newPoints) points.set(point.step, point);
      for (const measurement of newMeasurements) {
        measurements.set(measurementKey(measurement), measurement);
      }
    },
    points: (): readonly StepPoint[] => [...points.values()].sort(byStep),
    measurements: (): readonly Measurement[] =>
      [...measurements.values()].sort((a, b) => byStep(a, b) || bySeries(a, b)),
  };
}

export type RunLog = ReturnType<typeof createRunLog>;

/** Measurements of one step arrive as they are ready, which a resumed run may see in another order. */
const bySeries = (a: Measurement, b: Measurement) =>
  measurementSeries(a) < measurementSeries(b) ? -1 : 1;

const byStep = (a: { readonly step: number }, b: { readonly step: number }) => a.step - b.step;

/** One JSON object a line, in step order; a step's losses come before what was measured after it. */
export function metricsJsonl(log: RunLog): string {
  const steps = log.points().map((point) => ({ kind: "step" as const, ...point }));
  const lines = [...steps, ...log.measurements()].sort(byStep);
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const METRIC_IDS = STEP_METRICS.map(({ id }) => id);

/** Metrics averaged over the last steps, and the median time of a step. */
export function finalFigures(points: readonly StepPoint[]) {
  if (points.length === 0) return null;
  const last = points.slice(-FINAL_STEPS);
  const sortedMs = points.map((point) => point.stepMs).sort((a, b) => a - b);
  return {
    overSteps: last.length,
    ...recordOf(METRIC_IDS, (id) => mean(last.flatMap((point) => valueOf(point, id) ?? []))),
    medianStepMs: sortedMs[Math.floor(sortedMs.length / 2)] ?? 0,
  };
}

/** The newest measurement of each kind and space or encoder. */
export function lastMeasurements(measurements: readonly Measurement[]): Measurement[] {
  const newest = new Map<string, Measurement>();
  for (const measurement of measurements) newest.set(measurementSeries(measurement), measurement);
  return [...newest.values()];
}
