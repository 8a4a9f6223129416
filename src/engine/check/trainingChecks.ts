import * as tf from "@tensorflow/tfjs-core";
import { relativeError } from "../bench/precision";
import { toTrainBatch } from "../bench/trainerVariant";
import { workloadBatch, workloadOptions, workloadValues, type Workload } from "../bench/workloads";
import type { StudioBackend } from "../kernels/studioBackend";
import { createDeviceTrainer } from "../training/deviceTrainer";
import { disposeBatch } from "../training/trainBatch";
import { createPlainTrainer, type Trainer } from "../training/trainer";
import { createTrainState } from "../training/trainState";

/** The results of some steps: losses of each, and parameters, EMA and both moments by name. */
export interface TrainedNumbers {
  /** [velocityLoss, projLoss, gradNorm] of each step. */
  readonly losses: readonly (readonly number[])[];
  readonly state: Readonly<Record<string, Float32Array>>;
}

/** Of a training state: what a step changes. */
const PARTS = ["params", "ema", "expAvg", "expAvgSq"] as const;

async function stateNumbers(trainer: Trainer): Promise<Record<string, Float32Array>> {
  const state = trainer.state();
  const numbers: Record<string, Float32Array> = {};
  for (const part of PARTS) {
    for (const [name, tensor] of Object.entries(state[part])) {
      numbers[`${part} ${name}`] = Float32Array.from(await tensor.data());
    }
  }
  return numbers;
}

/** What is trained: the whole batch at once, or micro-batches of some images whose gradients are added up. */
export interface Training {
  readonly workload: Workload;
  readonly steps: number;
  readonly microBatch?: number;
}

async function train(trainer: Trainer, training: Training): Promise<TrainedNumbers> {
  const { workload, steps, microBatch = null } = training;
  const options = { ...workloadOptions(workload), microBatch };
  const losses: number[][] = [];
  for (let step = 0; step < steps; step++) {
    const batch = toTrainBatch(workload, workloadBatch(workload, step));
    const logged = trainer.step(batch, options);
    disposeBatch(batch);
    losses.push([...(await logged.data())]);
    logged.dispose();
  }
  const state = await stateNumbers(trainer);
  trainer.dispose();
  return { losses, state };
}

/** Steps on the studio's backend, which must be the current one. `replays`: as the app trains; otherwise every step is encoded anew. */
export const trainOnDevice = (
  backend: StudioBackend,
  training: Training,
  replays: boolean,
): Promise<TrainedNumbers> =>
  train(
    createDeviceTrainer(backend, createTrainState(workloadValues(training.workload)), { replays }),
    training,
  );

/** The same steps operation by operation on tfjs' cpu backend: their meaning. tfjs stays on that backend. */
export async function trainPlainly(training: Training): Promise<TrainedNumbers> {
  await tf.setBackend("cpu");
  return train(createPlainTrainer(createTrainState(workloadValues(training.workload))), training);
}

const bitsOf = (values: Float32Array) =>
  new Uint32Array(values.buffer, values.byteOffset, values.length);

/** The first number that differs in any bit; undefined when none does. */
export function firstDifference(a: TrainedNumbers, b: TrainedNumbers): string | undefined {
  const step = a.losses.findIndex(
    (losses, i) => losses.join() !== (b.losses[i] ?? []).join() || losses.some(Number.isNaN),
  );
  if (step >= 0) {
    return `step ${step + 1}: losses ${a.losses[step]?.join(", ")} and ${b.losses[step]?.join(", ")}`;
  }
  for (const [name, values] of Object.entries(a.state)) {
    const [one, other] = [bitsOf(values), bitsOf(b.state[name] ?? new Float32Array())];
    const at = one.findIndex((bits, i) => bits !== other[i]);
    if (at >= 0) return `${name}[${at}]: ${values[at]} and ${b.state[name]?.[at]}`;
  }
  return undefined;
}

/** How far two trainings are apart. */
export interface TrainingError {
  /** Of the losses, relative. */
  readonly losses: number;
  /** ||a - b|| / ||b|| of each part (params, ema, expAvg, expAvgSq) over all its tensors. */
  readonly parts: Readonly<Record<string, number>>;
}

export function trainingError(found: TrainedNumbers, expected: TrainedNumbers): TrainingError {
  const flatFound = found.losses.flat();
  const losses = expected.losses.flat().reduce((worst, value, i) => {
    const error = Math.abs((flatFound[i] ?? NaN) - value) / (1e-3 + Math.abs(value));
    return Math.max(worst, error);
  }, 0);
  const whole = ({ state }: TrainedNumbers, part: string) =>
    Object.keys(expected.state)
      .filter((name) => name.startsWith(`${part} `))
      .flatMap((name) => [...(state[name] ?? [])]);
  const parts = Object.fromEntries(
    PARTS.map((part) => [part, relativeError(whole(found, part), whole(expected, part))]),
  );
  return { losses, parts };
}
