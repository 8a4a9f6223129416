import { defaultDevice, init, numpy as np, tree } from "@jax-js/jax";
import { isFrozen, type InitialValue } from "../../src/engine/models/transformerInit";
import type { Variant } from "../../src/engine/bench/variant";
import {
  tokenCount,
  workloadBatch,
  workloadOptions,
  workloadValues,
  type Workload,
} from "../../src/engine/bench/workloads";
import type { Params } from "./sit";
import { createJaxTrainStep, type JaxBatch, type JaxState } from "./trainStep";

const MAX_PERIOD = 10000;

/** The numbers of src/engine/nn/embedders.ts `timeFeatures`: cosines, then sines, [B, size]. */
function timeFeatures(t: Float32Array, size: number): Float32Array {
  const half = size / 2;
  return Float32Array.from({ length: t.length * size }, (_, i) => {
    const [row, column] = [Math.floor(i / size), i % size];
    const frequency = Math.fround(Math.exp((-Math.log(MAX_PERIOD) * (column % half)) / half));
    const angle = Math.fround((t[row] ?? 0) * frequency);
    return column < half ? Math.cos(angle) : Math.sin(angle);
  });
}

const toArray = ({ values, shape }: InitialValue): np.Array =>
  np.array(values, { shape: [...shape] });

const zerosLike = (params: Params): Params =>
  Object.fromEntries(
    Object.entries(params).map(([name, { shape }]) => [
      name,
      toArray({ shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) }),
    ]),
  );

/** The batch of a step, and AdamW's numbers for the update `update`, counted from 1. */
function toJaxBatch(workload: Workload, positions: InitialValue, update: number): JaxBatch {
  const { shape, batch, featureWidth } = workload;
  const { adamW } = workloadOptions(workload);
  const arrays = workloadBatch(workload, update - 1);
  const latent = [batch, shape.inputSide, shape.inputSide, shape.inChannels];
  const oneHot = new Float32Array(batch * (shape.numClasses + 1));
  arrays.labels.forEach((label, i) => (oneHot[i * (shape.numClasses + 1) + label] = 1));
  const rootCorrection = Math.sqrt(1 - adamW.beta2 ** update);
  const make = (values: Float32Array, dims: number[]) => toArray({ values, shape: dims });
  return {
    latents: make(arrays.latents, latent),
    noise: make(arrays.noise, latent),
    t: make(arrays.t, [batch, 1, 1, 1]),
    timeFeatures: make(timeFeatures(arrays.t, shape.frequencySize), [batch, shape.frequencySize]),
    oneHotLabels: make(oneHot, [batch, shape.numClasses + 1]),
    features: make(arrays.features, [batch, tokenCount(workload), featureWidth]),
    positions: toArray(positions),
    rate: make(
      Float32Array.of((adamW.learningRate * rootCorrection) / (1 - adamW.beta1 ** update)),
      [],
    ),
    eps: make(Float32Array.of(adamW.eps * rootCorrection), []),
  };
}

export interface JaxOptions {
  readonly workload: Workload;
  readonly device: "wasm" | "webgpu";
  readonly clockMs: () => number;
}

/**
 * The step in jax-js on one of its devices.
 * @returns undefined when jax-js cannot start that device here
 */
export async function createJaxVariant(options: JaxOptions): Promise<Variant | undefined> {
  const { workload, device, clockMs } = options;
  const started = await init(device);
  if (!started.includes(device)) return undefined;
  const prepare = () => {
    defaultDevice(device);
    return Promise.resolve();
  };
  await prepare();
  const values = workloadValues(workload);
  const positions = values.pos_embed ?? { shape: [1], values: Float32Array.of(0) };
  const trainable = Object.entries(values).filter(([name]) => !isFrozen(name));
  const load = (): Params =>
    Object.fromEntries(trainable.map(([name, value]) => [name, toArray(value)]));
  const params = load();
  let state: JaxState = {
    params,
    ema: load(),
    first: zerosLike(params),
    second: zerosLike(params),
  };
  const trainStep = createJaxTrainStep(workloadOptions(workload));
  let update = 0;
  return {
    name: `jax-js ${device}`,
    prepare,
    step: async () => {
      update++;
      const start = clockMs();
      const next = trainStep(state, toJaxBatch(workload, positions, update));
      state = next.state;
      const reading = next.losses.data() as Promise<Float32Array>;
      const jsMs = clockMs() - start;
      const [velocity = NaN, alignment = NaN, gradNorm = NaN] = await reading;
      return { losses: [velocity, alignment, gradNorm], jsMs };
    },
    dispose: () => {
      tree.dispose(state);
      trainStep.dispose();
    },
  };
}
