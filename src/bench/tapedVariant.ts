import * as tf from "@tensorflow/tfjs-core";
import { createTrainState, disposeState } from "../training/trainState";
import { trainStep, type TrainBatch } from "../training/trainStep";
import type { KernelTime, MemoryUse, Variant } from "./variant";
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
  /** Runs a step with a timestamp on every dispatch; the studio's backend has it. */
  readonly profile?: (step: () => void) => Promise<readonly KernelTime[]>;
}

/** `training/trainStep` on whatever backend and kernels `prepare` puts in force. */
export async function createTapedVariant(options: TapedOptions): Promise<Variant> {
  const { name, workload, prepare, clockMs, profile } = options;
  const stepOptions = workloadOptions(workload);
  await prepare();
  let state = createTrainState(workloadValues(workload));
  const advance = (arrays: BatchArrays): tf.Tensor1D => {
    const batch = toTrainBatch(workload, arrays);
    const next = trainStep(state, batch, stepOptions);
    state = next.state;
    tf.dispose([batch.latents, batch.noise, ...batch.features]);
    return next.logged;
  };
  return {
    name,
    prepare,
    step: async () => {
      const arrays = workloadBatch(workload, state.step);
      const start = clockMs();
      const logged = advance(arrays);
      const reading = logged.data();
      const jsMs = clockMs() - start;
      const [velocity = NaN, alignment = NaN, gradNorm = NaN] = await reading;
      logged.dispose();
      return { losses: [velocity, alignment, gradNorm], jsMs };
    },
    dispose: () => disposeState(state),
    memory: memoryUse,
    ...(profile && {
      kernelTimes: async () => {
        const arrays = workloadBatch(workload, state.step);
        return sumByName(await profile(() => advance(arrays).dispose()));
      },
    }),
  };
}

/** Times of the same name added up, the longest first. */
export function sumByName(times: readonly KernelTime[]): KernelTime[] {
  const sums = new Map<string, { ms: number; calls: number }>();
  for (const { name, ms } of times) {
    const sum = sums.get(name) ?? { ms: 0, calls: 0 };
    sums.set(name, { ms: sum.ms + ms, calls: sum.calls + 1 });
  }
  return [...sums].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => b.ms - a.ms);
}
