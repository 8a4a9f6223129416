import type { Tensor1D } from "@tensorflow/tfjs-core";
import { encoderRow } from "../../common/catalogue/encoders";
import type { EncoderId, Experiment } from "../../common/config/experiment";
import { latentShape, modelShape } from "../../common/config/sizes";
import { fusedKernelsInUse } from "../../engine/kernels/operation";
import { currentStudioBackend } from "../../engine/kernels/studioBackend";
import { initProjector } from "../../engine/models/projector";
import type { SiTShape } from "../../engine/models/sit";
import { initSiT } from "../../engine/models/sitInit";
import type { ParamMap } from "../../engine/nn/params";
import { createDeviceTrainer } from "../../engine/training/deviceTrainer";
import { withMixedPrecision } from "../../engine/training/mixedPrecision";
import { createPlainTrainer, type Trainer } from "../../engine/training/trainer";
import { createTrainState, type TrainState } from "../../engine/training/trainState";
import type { StepOptions, TrainBatch } from "../../engine/training/trainStep";

/** What a run's parameters look like. */
export function sitShapeOf(experiment: Experiment, classes: number): SiTShape {
  const { side, channels } = latentShape(experiment);
  const { width, depth, heads } = modelShape(experiment.model);
  return {
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

/**
 * @param restored state and projector list of a checkpoint; without it, a new model of the run's seed
 */
export function createModelState(
  experiment: Experiment,
  shape: SiTShape,
  restored?: { readonly state: TrainState; readonly projectors: readonly EncoderId[] },
): ModelState {
  const { seed, mixedPrecision } = experiment.optimizer;
  const initial = restored?.state ?? createTrainState(initSiT(shape, seed));
  const trainer = createTrainer(initial, mixedPrecision);
  const projectors: EncoderId[] = [...(restored?.projectors ?? [])];

  const join = (encoder: EncoderId): number => {
    const index = projectors.push(encoder) - 1;
    trainer.extend(
      initProjector({
        seed,
        encoderId: encoder,
        index,
        inDim: shape.width,
        width: experiment.alignment.projectorWidth,
        outDim: encoderRow(encoder).width,
      }),
    );
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
