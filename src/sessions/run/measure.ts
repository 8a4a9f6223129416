import { alignmentAt, type TimelineEntry } from "../../common/config/experiment";
import { fromFailure, toFailure, type Failure } from "../../common/errors/studioError";
import type { FeatureRows } from "../../common/protocol/metrics";
import type { Outcome } from "../../common/protocol/shared";
import type { Measurement } from "../../common/protocol/trainer";
import type { ParamMap } from "../../engine/nn/params";
import { heldOutHidden, sampleFeatures, type EvaluationContext } from "./evaluation";
import { movable, type MetricsLine } from "../metrics/metricsLine";
import { tokenMeans } from "./trainingData";

/** Computes samples and hidden states for the metrics, which the metrics worker computes while training goes on. */
export interface Measuring {
  /** Measures a step. Resolves when the model is no longer needed, before the metrics are computed. */
  readonly measure: (
    params: ParamMap,
    step: number,
    timeline: readonly TimelineEntry[],
  ) => Promise<void>;
  /** Resolves when every metric has arrived. */
  readonly settle: () => Promise<void>;
}

interface MeasuringOptions {
  readonly context: EvaluationContext;
  readonly metrics: MetricsLine;
  readonly onMeasurement: (measurement: Measurement) => void;
  readonly onProblem: (failure: Failure) => void;
}

const refused = (thrown: unknown): Outcome<never> => ({ ok: false, failure: toFailure(thrown) });

export function createMeasuring({
  context,
  metrics,
  onMeasurement,
  onProblem,
}: MeasuringOptions): Measuring {
  const { experiment, data, space } = context;
  const { seed } = experiment.optimizer;
  const underWay = new Set<Promise<void>>();

  const follow = (work: Promise<Outcome<Measurement>>) => {
    const followed = work
      .then((outcome) => {
        if (outcome.ok) onMeasurement(outcome.value);
        else throw fromFailure(outcome.failure);
      })
      .catch((thrown: unknown) => onProblem(toFailure(thrown)))
      .finally(() => underWay.delete(followed));
    underWay.add(followed);
  };

  /** The real images of the sample metrics: all training images in the space of the samples. */
  const setReference = async (): Promise<Outcome<null>> => {
    const features = await data.features(space.id);
    const { trainImages } = data.source;
    const values = await tokenMeans(features, trainImages);
    const real = { values, count: trainImages.length, width: features.width };
    return metrics.use(async (api) => api.setReference(space.label, movable(real), seed));
  };
  let reference: Promise<Outcome<null>> | undefined;

  const sampleQuality = async (
    step: number,
    generated: FeatureRows,
  ): Promise<Outcome<Measurement>> => {
    reference ??= setReference();
    const set = await reference.catch(refused);
    if (set.ok) return metrics.use(async (api) => api.sampleQuality(step, movable(generated)));
    reference = undefined; // the next evaluation tries again
    return set;
  };

  return {
    measure: async (params, step, timeline) => {
      follow(sampleQuality(step, await sampleFeatures(context, params)));
      const layers = await heldOutHidden(context, params);
      for (const id of alignmentAt(experiment, timeline, step).encoders) {
        const features = await data.features(id);
        const target = {
          values: await tokenMeans(features, data.heldOutImages),
          count: data.heldOutImages.length,
          width: features.width,
        };
        const { cknnaK: k, cknnaTime: time } = experiment.evaluation;
        const request = { step, encoder: id, layers, target, k, time, seed };
        follow(metrics.use(async (api) => api.layerAlignment(request)));
      }
    },
    settle: async () => {
      await Promise.all([...underWay]);
    },
  };
}
