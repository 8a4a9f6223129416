import { StudioError } from "../errors/studioError";
import { layerAlignment } from "../metrics/layerAlignment";
import { toMatrix, type Matrix } from "../metrics/matrix";
import { createRealReference, type RealReference } from "../metrics/realReference";
import type { FeatureRows, MetricsApi } from "../protocol/metrics";
import { outcomeOf } from "./outcome";

const matrixOf = ({ values, count, width }: FeatureRows): Matrix => toMatrix(values, count, width);

/** The metrics worker: plain float64 arithmetic, one reference set at a time. */
export function createMetricsSession(): MetricsApi {
  let reference: { space: string; real: RealReference } | undefined;
  return {
    setReference: (space, real, seed) =>
      outcomeOf(() => {
        reference = { space, real: createRealReference(matrixOf(real), seed) };
        return Promise.resolve(null);
      }),

    sampleQuality: (step, generated) =>
      outcomeOf(() => {
        if (!reference) {
          throw new StudioError(
            "CACHE_MISSING",
            "Samples cannot be measured: no real features were given.",
            "Start the run again; its features are cached first.",
          );
        }
        const comparison = reference.real.compare(matrixOf(generated));
        return Promise.resolve({
          kind: "sampleQuality",
          step,
          space: reference.space,
          ...comparison,
        });
      }),

    layerAlignment: ({ step, encoder, layers, target, k, time, seed }) =>
      outcomeOf(() => {
        const scores = layerAlignment(layers.map(matrixOf), matrixOf(target), { k, seed });
        return Promise.resolve({ kind: "layerAlignment", step, encoder, time, ...scores });
      }),
  };
}
