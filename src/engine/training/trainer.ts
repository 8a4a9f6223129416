import type { Tensor1D } from "@tensorflow/tfjs-core";
import type { InitialValues } from "../models/transformerInit";
import { disposeState, extendTrainState, type TrainState } from "./trainState";
import { trainStep, type StepOptions, type TrainBatch } from "./trainStep";

/** Owns a training state and changes it step by step. */
export interface Trainer {
  /** The state now; its tensors stay the trainer's, and the next step may change them in place. */
  readonly state: () => TrainState;
  /**
   * Compiles what the next `step` of these shapes needs, without computing anything, so that it starts at once.
   * @param onProgress GPU programs compiled and in all
   */
  readonly prepare: (
    batch: TrainBatch,
    options: StepOptions,
    onProgress: (done: number, all: number) => void,
  ) => Promise<void>;
  /**
   * One step; nothing is read back from the device.
   * @returns [velocityLoss, projLoss, gradNorm before clipping], the caller's
   */
  readonly step: (batch: TrainBatch, options: StepOptions) => Tensor1D;
  /** Adds parameters (a projector that joins): their EMA is themselves, their moments zero. */
  readonly extend: (values: InitialValues) => void;
  readonly dispose: () => void;
}

/** Trains operation by operation, on any backend. Takes ownership of `initial`. */
export function createPlainTrainer(initial: TrainState): Trainer {
  let state = initial;
  return {
    state: () => state,
    prepare: () => Promise.resolve(),
    step: (batch, options) => {
      const { state: next, logged } = trainStep(state, batch, options);
      state = next;
      return logged;
    },
    extend: (values) => {
      state = extendTrainState(state, values);
    },
    dispose: () => disposeState(state),
  };
}
