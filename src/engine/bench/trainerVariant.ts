import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D } from "@tensorflow/tfjs-core";
import { createTrainState, type TrainState } from "../training/trainState";
import { disposeBatch, type TrainBatch } from "../training/trainBatch";
import type { InitialValues } from "../models/transformerInit";
import type { Trainer } from "../training/trainer";
import { runBurst } from "./burst";
import type { KernelTime, MemoryUse, StepResult, Variant } from "./variant";
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

/** Memory of the current backend, as tfjs reports it. */
export function memoryUse(): MemoryUse {
  const memory: tf.MemoryInfo & { readonly numBytesAllocatedInGPU?: number } = tf.memory();
  return { gpuBytes: memory.numBytesAllocatedInGPU ?? null, tensors: memory.numTensors };
}

export interface TrainerVariantOptions {
  readonly name: string;
  readonly workload: Workload;
  /** See `Variant.prepare`; also runs before the first tensor is made. */
  readonly prepare: () => Promise<void>;
  /** Takes over the initial state. */
  readonly open: (
    initial: TrainState,
  ) => Pick<Trainer, "step" | "dispose"> & Partial<Pick<Trainer, "prepare">>;
  readonly clockMs: () => number;
  /** Runs a step with a timestamp on every dispatch; the studio's backend has it. */
  readonly profile?: (step: () => void) => Promise<readonly KernelTime[]>;
  /** First values; absent: the workload's own, which take seconds to make for a large model. */
  readonly values?: InitialValues;
  /** The batch of a step; absent: the workload's own, made anew each time. */
  readonly batchOf?: (step: number) => BatchArrays;
}

async function readLosses(logged: Tensor1D): Promise<StepResult["losses"]> {
  const [velocity = NaN, alignment = NaN, gradNorm = NaN] = await logged.data();
  logged.dispose();
  return [velocity, alignment, gradNorm];
}

/** A trainer on whatever backend and kernels `prepare` puts in force. */
export async function createTrainerVariant(options: TrainerVariantOptions): Promise<Variant> {
  const { name, workload, prepare, open, clockMs, profile } = options;
  const { batchOf = (step: number) => workloadBatch(workload, step) } = options;
  const stepOptions = workloadOptions(workload);
  await prepare();
  const trainer = open(createTrainState(options.values ?? workloadValues(workload)));
  let steps = 0;
  const advance = (arrays: BatchArrays): Tensor1D => {
    const batch = toTrainBatch(workload, arrays);
    const logged = trainer.step(batch, stepOptions);
    disposeBatch(batch);
    return logged;
  };
  return {
    name,
    prepare,
    step: async () => {
      const arrays = batchOf(steps++);
      const start = clockMs();
      const reading = readLosses(advance(arrays));
      const jsMs = clockMs() - start;
      return { losses: await reading, jsMs };
    },
    burst: (count) => {
      const batches = Array.from({ length: count }, () => batchOf(steps++)); // before the clock starts
      const submit = (i: number) => advance(batches[i] ?? batchOf(i));
      return runBurst(count, { submit, read: readLosses, drop: (x) => x.dispose(), clockMs });
    },
    ...(trainer.prepare && {
      compile: async () => {
        const batch = toTrainBatch(workload, batchOf(steps));
        await trainer.prepare?.(batch, stepOptions, () => undefined);
        disposeBatch(batch);
      },
    }),
    dispose: () => trainer.dispose(),
    memory: memoryUse,
    ...(profile && {
      kernelTimes: async () => {
        const arrays = batchOf(steps++);
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
