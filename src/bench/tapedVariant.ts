import * as tf from "@tensorflow/tfjs-core";
import { createTrainState, disposeState } from "../training/trainState";
import { trainStep, type TrainBatch } from "../training/trainStep";
import type { MemoryUse, Variant } from "./variant";
import {
  tokenCount,
  workloadBatch,
  workloadOptions,
  workloadValues,
  type BatchArrays,
  type Workload,
} from "./workloads";

/** The batch on the current backend; the caller disposes it. */
export function toTrainBatch(workload: Workload, arrays: BatchArrays): TrainBatch {
  const { batch, shape, featureWidth } = workload;
  const { inputSide, inChannels } = shape;
  const toLatent = (values: Float32Array) =>
    tf.tensor4d(values, [batch, inputSide, inputSide, inChannels]);
  return {
    latents: toLatent(arrays.latents),
    noise: toLatent(arrays.noise),
    t: arrays.t,
    labels: arrays.labels,
    features: [tf.tensor3d(arrays.features, [batch, tokenCount(workload), featureWidth])],
  };
}

/** What tfjs tells of the backend in force. */
export function memoryUse(): MemoryUse {
  const memory: tf.MemoryInfo & { readonly numBytesAllocatedInGPU?: number } = tf.memory();
  return { gpuBytes: memory.numBytesAllocatedInGPU ?? null, tensors: memory.numTensors };
}

export interface TapedOptions {
  readonly name: string;
  readonly workload: Workload;
  /** See `Variant.prepare`; also runs before the first tensor is made. */
  readonly prepare: () => Promise<void>;
  readonly clockMs: () => number;
}

/** `training/trainStep` on whatever backend and kernels `prepare` puts in force. */
export async function createTapedVariant(options: TapedOptions): Promise<Variant> {
  const { name, workload, prepare, clockMs } = options;
  const stepOptions = workloadOptions(workload);
  await prepare();
  let state = createTrainState(workloadValues(workload));
  return {
    name,
    prepare,
    step: async () => {
      const arrays = workloadBatch(workload, state.step);
      const start = clockMs();
      const batch = toTrainBatch(workload, arrays);
      const next = trainStep(state, batch, stepOptions);
      state = next.state;
      const reading = next.logged.data();
      const jsMs = clockMs() - start;
      const [velocity = NaN, alignment = NaN, gradNorm = NaN] = await reading;
      tf.dispose([next.logged, batch.latents, batch.noise, ...batch.features]);
      return { losses: [velocity, alignment, gradNorm], jsMs };
    },
    dispose: () => disposeState(state),
    memory: memoryUse,
  };
}
