import type { Tensor1D } from "@tensorflow/tfjs-core";
import { encoderRow } from "../../common/catalogue/encoders";
import type { EncoderId, Experiment } from "../../common/config/experiment";
import { hasNullLabel } from "../../common/config/nullLabel";
import { latentShape, modelShape } from "../../common/config/sizes";
import { fusedKernelsInUse } from "../../engine/kernels/operation";
import { currentStudioBackend } from "../../engine/kernels/studioBackend";
import { initProjector } from "../../engine/models/projector";
import type { TransformerShape } from "../../engine/models/transformer";
import { initTransformer, type InitialValues } from "../../engine/models/transformerInit";
import type { ParamMap } from "../../engine/nn/params";
import { createDeviceTrainer } from "../../engine/training/deviceTrainer";
import { withMixedPrecision } from "../../engine/training/mixedPrecision";
import { createPlainTrainer, type Trainer } from "../../engine/training/trainer";
import { createTrainState, type TrainState } from "../../engine/training/trainState";
import type { StepOptions, TrainBatch } from "../../engine/training/trainStep";

/** What a run's parameters look like. */
export function networkShapeOf(experiment: Experiment, classes: number): TransformerShape {
  const { side, channels } = latentShape(experiment);
  const { width, depth, heads } = modelShape(experiment.model);
  return {
    family: experiment.model.family,
    inputSide: side,
    inChannels: channels,
    patchSize: experiment.model.patchSize,
    width,
    depth,
    numHeads: heads,
    numClasses: classes,
    qkNorm: experiment.model.qkNorm,
    mlpRatio: 4,
    frequencySize: 256,
    hasNullClass: hasNullLabel(experiment),
  };
}

/** The owner of a run's tensors: parameters, EMA, moments, and which encoder each projector belongs to. */
export interface ModelState {
  readonly step: () => number;
  readonly ema: () => ParamMap;
  readonly whole: () => TrainState;
  /** Encoders by the index of their projector, in the order they joined the run. */
  readonly projectors: () => readonly EncoderId[];
  /** Indices of the encoders' projectors. A projector that is new to the run is initialised from (seed, encoder id). */
  readonly projectorsFor: (encoders: readonly EncoderId[]) => number[];
  /** Compiles what steps of these shapes need. */
  readonly prepare: Trainer["prepare"];
  readonly update: (batch: TrainBatch, options: StepOptions) => Tensor1D;
  readonly dispose: () => void;
}

/** The fused, replayed trainer on the studio's GPU backend, in mixed precision if wanted; the plain one on others. */
function createTrainer(initial: TrainState, mixedPrecision: boolean): Trainer {
  const backend = fusedKernelsInUse() ? currentStudioBackend() : undefined;
  if (!backend) return createPlainTrainer(initial);
  const trainer = createDeviceTrainer(backend, initial);
  return mixedPrecision ? withMixedPrecision(backend, trainer) : trainer;
}

/** What a model starts from: a checkpoint's state and projectors, or the encoders that a new one is aligned with. */
export type ModelStart =
  | { readonly state: TrainState; readonly projectors: readonly EncoderId[] }
  | { readonly encoders: readonly EncoderId[] };

/** First values of the projector of a run's `index`-th encoder. */
function projectorValues(
  experiment: Experiment,
  shape: TransformerShape,
  encoder: EncoderId,
  index: number,
) {
  return initProjector({
    seed: experiment.optimizer.seed,
    encoderId: encoder,
    index,
    inDim: shape.width,
    width: experiment.alignment.projectorWidth,
    outDim: encoderRow(encoder).width,
  });
}

/** A new model with its projectors: one that joined afterwards would take a second flat state on the device. */
function newState(experiment: Experiment, shape: TransformerShape, encoders: readonly EncoderId[]) {
  const projectors = encoders.map((encoder, i) => projectorValues(experiment, shape, encoder, i));
  const model = initTransformer(shape, experiment.optimizer.seed);
  return createTrainState(
    projectors.reduce<InitialValues>((all, values) => ({ ...all, ...values }), model),
  );
}

/** A model on the current backend. Takes ownership of the state of a checkpoint. */
export function createModelState(
  experiment: Experiment,
  shape: TransformerShape,
  start: ModelStart,
): ModelState {
  const restored = "state" in start;
  const initial = restored ? start.state : newState(experiment, shape, start.encoders);
  const trainer = createTrainer(initial, experiment.optimizer.mixedPrecision);
  const projectors: EncoderId[] = [...(restored ? start.projectors : start.encoders)];

  const join = (encoder: EncoderId): number => {
    const index = projectors.push(encoder) - 1;
    trainer.extend(projectorValues(experiment, shape, encoder, index));
    return index;
  };

  return {
    step: () => trainer.state().step,
    ema: () => trainer.state().ema,
    whole: trainer.state,
    projectors: () => projectors,
    projectorsFor: (encoders) =>
      encoders.map((encoder) => {
        const known = projectors.indexOf(encoder);
        return known >= 0 ? known : join(encoder);
      }),
    prepare: trainer.prepare,
    update: trainer.step,
    dispose: trainer.dispose,
  };
}
