import * as tf from "@tensorflow/tfjs-core";
import { alignmentAt } from "../../common/config/experiment";
import { batchImages, makeBatch } from "../../engine/training/batch";
import { disposeBatch, type TrainBatch } from "../../engine/training/trainBatch";
import type { StepOptions } from "../../engine/training/trainStep";
import type { LoadedRun } from "./loadRun";

/** torch.optim.AdamW's default, which the reference keeps. */
const ADAM_EPS = 1e-8;

/** All that a step depends on besides the state. */
export interface OpenStep {
  readonly batch: TrainBatch;
  readonly options: StepOptions;
  /** Reads what the next step's features lie in. A read that fails is repeated, and reported, at the next step. */
  readonly prefetch: () => Promise<unknown>;
  readonly dispose: () => void;
}

/** The settings of one step that do not depend on the alignment. */
const stepOptions = ({
  experiment,
  shape,
}: Pick<LoadedRun, "experiment" | "shape">): Omit<StepOptions, "alignment"> => {
  const { optimizer, transport } = experiment;
  return {
    shape,
    path: transport.path,
    adamW: {
      learningRate: optimizer.learningRate,
      beta1: optimizer.beta1,
      beta2: optimizer.beta2,
      eps: ADAM_EPS,
      weightDecay: optimizer.weightDecay,
    },
    maxGradNorm: optimizer.maxGradNorm,
    microBatch: optimizer.microBatch,
    recompute: optimizer.recompute,
    emaDecay: optimizer.emaDecay,
  };
};

/**
 * The batch and the settings of the model's next step.
 * @throws StudioError what reading the caches throws
 */
export async function openStep(
  run: Pick<LoadedRun, "experiment" | "timeline" | "shape" | "data" | "model">,
): Promise<OpenStep> {
  const { experiment, data, model, shape } = run;
  const step = model.step() + 1;
  const alignment = alignmentAt(experiment, run.timeline, step);
  const targets = await Promise.all(alignment.encoders.map((id) => data.features(id)));
  const { family } = experiment.model;
  const settings = { ...experiment.optimizer, ...experiment.transport, family };
  const values = await makeBatch(data.source, settings, step);
  const batchSize = values.labels.length;
  const features = await Promise.all(targets.map((target) => target.gather(values.images)));
  const dims: [number, number, number, number] = [
    batchSize,
    shape.inputSide,
    shape.inputSide,
    shape.inChannels,
  ];
  const batch: TrainBatch = {
    latents: tf.tensor4d(values.latents, dims),
    noise: tf.tensor4d(values.noise, dims),
    t: values.t,
    labels: values.labels,
    features: targets.map(({ tokens, width }, i) =>
      tf.tensor3d(features[i] ?? [], [batchSize, tokens, width]),
    ),
  };
  const projectors = model.projectorsFor(alignment.encoders);
  return {
    batch,
    options: { ...stepOptions(run), alignment: { ...alignment, projectors } },
    prefetch: () => {
      const next = batchImages(data.source, settings, step + 1);
      return Promise.allSettled(targets.map((target) => target.prefetch(next)));
    },
    dispose: () => disposeBatch(batch),
  };
}
