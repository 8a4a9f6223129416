import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { performance } from "node:perf_hooks";
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import { z } from "zod";
import {
  encodeSafetensors,
  parseSafetensors,
  type SafetensorsTensor,
} from "../../src/common/formats/safetensors";
import type { ParamMap } from "../../src/engine/nn/params";
import { adamWUpdate, initAdamW } from "../../src/engine/training/adamw";
import { clipCoefficient, globalNorm } from "../../src/engine/training/gradients";

/** A pretraining: what is trained, on what loss, by which schedule. */
export interface Recipe {
  readonly name: string;
  readonly steps: number;
  readonly peakLearningRate: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  /** Decay of an exponential average of the parameters, which is then what is published; absent: no average is kept. */
  readonly averaging?: number;
  readonly initialParams: () => ParamMap;
  /** Loss of step `step` (0-based) and its parts for the log; all randomness comes from the step number. */
  readonly loss: (
    params: ParamMap,
    step: number,
  ) => { total: Scalar; parts: Record<string, Scalar> };
  /** Called at every checkpoint and at the end. */
  readonly onCheckpoint?: (state: PretrainState) => Promise<void>;
}

export interface PretrainState {
  readonly params: ParamMap;
  readonly expAvg: ParamMap;
  readonly expAvgSq: ParamMap;
  /** The average of the parameters over the steps; empty where the recipe asks for none. */
  readonly average: ParamMap;
  readonly step: number;
  /** Training time so far, over all resumed parts. */
  readonly seconds: number;
}

const BETAS = { beta1: 0.9, beta2: 0.99 } as const;
const MAX_NORM = 1;
const LOG_EVERY = 20;
const CHECKPOINT_EVERY_MS = 180_000;

/** Linear warm-up, then half a cosine down to 0 at the last step. */
export function learningRateAt(
  { steps, peakLearningRate, warmupSteps }: Recipe,
  step: number,
): number {
  const warm = Math.min(1, (step + 1) / warmupSteps);
  return peakLearningRate * warm * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
}

const Progress = z.object({ step: z.coerce.number().int(), seconds: z.coerce.number() });

async function saveState(file: string, state: PretrainState): Promise<void> {
  const tensors: Record<string, SafetensorsTensor> = {};
  for (const part of ["params", "expAvg", "expAvgSq", "average"] as const) {
    for (const [name, tensor] of Object.entries(state[part])) {
      const data = (await tensor.data()) as Float32Array;
      tensors[`${part}.${name}`] = { dtype: "F32", shape: tensor.shape, data };
    }
  }
  const { step, seconds } = state;
  const bytes = encodeSafetensors(tensors, { step: String(step), seconds: String(seconds) });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.part`, new Uint8Array(bytes));
  await rename(`${file}.part`, file); // a crash while writing leaves the last one whole
}

/** The state a checkpoint holds. */
export async function loadState(file: string): Promise<PretrainState> {
  const { tensors, metadata } = parseSafetensors(new Uint8Array(await readFile(file)));
  const maps: Record<string, Record<string, Tensor>> = {
    ...{ params: {}, expAvg: {}, expAvgSq: {}, average: {} },
  };
  for (const [path, { data, shape, dtype }] of tensors) {
    const dot = path.indexOf(".");
    const part = maps[path.slice(0, dot)];
    if (part && dtype === "F32") part[path.slice(dot + 1)] = tf.tensor(data, [...shape]);
  }
  const { params = {}, expAvg = {}, expAvgSq = {}, average = {} } = maps;
  return { params, expAvg, expAvgSq, average, ...Progress.parse(metadata) };
}

export const stateFile = (cacheDir: string, name: string) => `${cacheDir}/${name}.safetensors`;

/** Gradients of the recipe's loss by every parameter, and the parts of the loss. */
function lossAndGradients({ loss }: Recipe, params: ParamMap, step: number) {
  return tf.tidy(() => {
    const entries = Object.entries(params);
    const names = entries.map(([name]) => name);
    const values: Record<string, Scalar> = {};
    const named = (tensors: readonly Tensor[]): ParamMap =>
      Object.fromEntries(tensors.map((tensor, i) => [names[i] ?? "", tensor]));
    const gradients = tf.grads((...tensors) => {
      const { total, parts } = loss(named(tensors), step);
      for (const [part, value] of Object.entries({ total, ...parts }))
        values[part] = tf.keep(value);
      return total;
    })(entries.map(([, tensor]) => tensor));
    const byName = named(gradients);
    return { values, gradients: byName };
  });
}

/** What of a state is published: the average where there is one. */
export const publishedParams = ({ params, average }: PretrainState): ParamMap =>
  Object.keys(average).length > 0 ? average : params;

/** The average after a step; in the first steps it forgets sooner, or the start would stay in it. */
function nextAverage(
  { averaging }: Recipe,
  { average, step }: PretrainState,
  params: ParamMap,
): ParamMap {
  if (averaging === undefined) return {};
  const decay = Math.min(averaging, (1 + step) / (10 + step));
  return tf.tidy(() =>
    Object.fromEntries(
      Object.entries(params).map(([name, value]) => {
        const before = average[name] ?? value;
        return [name, tf.add(tf.mul(before, decay), tf.mul(value, 1 - decay))];
      }),
    ),
  );
}

/** One update; consumes `state`. */
function update(recipe: Recipe, state: PretrainState) {
  const { values, gradients } = lossAndGradients(recipe, state.params, state.step);
  const norm = globalNorm(gradients);
  const clip = clipCoefficient(norm, MAX_NORM);
  const options = {
    ...BETAS,
    eps: 1e-8,
    learningRate: learningRateAt(recipe, state.step),
    weightDecay: recipe.weightDecay,
  };
  const next = adamWUpdate(state.params, gradients, state, options, () => state.step + 1, clip);
  const average = nextAverage(recipe, state, next.params);
  tf.dispose([norm, clip, gradients, state.params, state.expAvg, state.expAvgSq, state.average]);
  return { next: { ...next, average }, values };
}

/** Trains to the recipe's last step; a checkpoint every three minutes, from which `resume` goes on. */
export async function train(
  recipe: Recipe,
  { cacheDir, resume }: { cacheDir: string; resume: boolean },
): Promise<PretrainState> {
  const file = stateFile(cacheDir, recipe.name);
  const fresh = (): PretrainState => {
    const params = recipe.initialParams();
    return { params, ...initAdamW(params, Object.keys(params)), average: {}, step: 0, seconds: 0 };
  };
  let state = resume && existsSync(file) ? await loadState(file) : fresh();
  const startedAt = performance.now() - state.seconds * 1000;
  const elapsed = () => (performance.now() - startedAt) / 1000;
  let checkpointAt = performance.now() + CHECKPOINT_EVERY_MS / 3;
  let sums: Record<string, number> = {};
  while (state.step < recipe.steps) {
    const { next, values } = update(recipe, state);
    state = { ...next, step: state.step + 1, seconds: elapsed() };
    for (const [part, value] of Object.entries(values)) {
      sums[part] = (sums[part] ?? 0) + ((await value.data())[0] ?? NaN);
    }
    tf.dispose(values);
    if (!Number.isFinite(sums.total)) throw new Error(`The loss is not finite at ${state.step}.`);
    if (state.step % LOG_EVERY === 0) {
      const means = Object.entries(sums).map(
        ([part, sum]) => `${part} ${(sum / LOG_EVERY).toFixed(5)}`,
      );
      const pace = (state.seconds / state.step).toFixed(2);
      console.log(
        `${state.step}/${recipe.steps} ${pace} s/step ${means.join(" ")} tensors ${tf.memory().numTensors}`,
      );
      sums = {};
    }
    if (performance.now() > checkpointAt || state.step === recipe.steps) {
      checkpointAt = performance.now() + CHECKPOINT_EVERY_MS;
      await saveState(file, state);
      await recipe.onCheckpoint?.(state);
    }
  }
  return state;
}
