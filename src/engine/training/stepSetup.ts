import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, TensorInfo } from "@tensorflow/tfjs-core";
import { accumulate } from "../kernels/accumulate";
import {
  optimizerUpdate,
  partialsLength,
  type OptimizerOperands,
} from "../kernels/optimizerUpdate";
import type { StudioBackend } from "../kernels/studioBackend";
import { createDeviceInputs } from "./deviceInputs";
import type { FlatState } from "./flatState";
import { createProgram, type RunKind } from "./replay";
import { disposeBatch, microBatchCount, sliceBatch, type TrainBatch } from "./trainBatch";
import { lossAndGradients, type StepOptions } from "./trainStep";
import type { UpdateNumbers } from "./updateNumbers";

/** Steps of one shape on one flat state: their inputs, and their commands once recorded. */
export interface StepSetup {
  /** What the recorded commands depend on. */
  readonly key: string;
  /** One step. Returns [velocityLoss, projLoss, gradNorm], the caller's. */
  readonly run: (batch: TrainBatch, options: StepOptions, numbers: UpdateNumbers) => Tensor1D;
  /** How the last step was done. */
  readonly lastRun: () => RunKind;
  readonly compile: (onProgress: (done: number, all: number) => void) => Promise<void>;
  readonly dispose: () => void;
}

/** Everything the recorded commands depend on; λ, the learning rate and the like are inputs. */
export function setupKey(backend: StudioBackend, batch: TrainBatch, options: StepOptions): string {
  const { encoderDepth, objective, temperature, projectors } = options.alignment;
  return JSON.stringify({
    latents: batch.latents.shape,
    features: batch.features.map(({ shape }) => shape),
    alignment: [encoderDepth, objective, temperature, projectors],
    recompute: options.recompute ?? false,
    microBatch: options.microBatch ?? null,
    tuning: backend.tuning,
    mixedPrecision: backend.mixedPrecision,
  });
}

/**
 * @param replays false: every step is encoded anew, for comparison
 * @throws StudioError OUT_OF_RANGE when the micro-batch does not divide the batch
 */
export function createStepSetup(
  backend: StudioBackend,
  flat: FlatState,
  batch: TrainBatch,
  options: StepOptions,
  replays: boolean,
): StepSetup {
  const size = options.microBatch ?? batch.labels.length;
  const count = microBatchCount(batch, size);
  const inputs = createDeviceInputs(backend, batch, size, options);
  const own: TensorInfo[] = [];
  const allocate = (dims: number[]): TensorInfo => {
    const info = backend.makeTensorInfo(dims, "float32");
    backend.uploadToGPU(info.dataId);
    own.push(info);
    return info;
  };
  const { segments: names, arenaSizes } = flat.layout;
  const segments = allocate([names.length, 4]);
  const hyper = allocate([8]);
  const logged = allocate([3]);
  const partials = allocate([partialsLength(arenaSizes)]);
  // with micro-batches, gradients and losses are summed here
  const sums = count > 1 ? arenaSizes.map((arenaSize) => allocate([arenaSize])) : [];
  const lossSums = count > 1 ? { velocityLoss: allocate([]), projLoss: allocate([]) } : undefined;

  const update = (losses: OptimizerOperands["losses"]) =>
    optimizerUpdate(backend, {
      arenas: flat.arenas.map((arena, i) => ({ ...arena, gradients: sums[i] ?? arena.gradients })),
      segments,
      hyper,
      partials,
      losses,
      logged,
    });

  /** Gradients of what the inputs hold, in their flat places; then the update, or the sums. */
  const passBody = () =>
    tf.tidy(() => {
      const { params } = flat.maps;
      backend.placeGradients(flat.gradientPlaces);
      const { losses, gradients } = lossAndGradients(params, inputs.tensors, options);
      backend.placeGradients(new Map());
      for (const [name, gradient] of Object.entries(gradients)) {
        const target = flat.gradient(name);
        if (!backend.sharesMemory(gradient, target)) backend.copy(gradient, target);
      }
      const { velocityLoss, projLoss } = losses;
      if (lossSums) {
        flat.arenas.forEach((arena, i) => {
          accumulate(backend, sums[i] ?? arena.gradients, arena.gradients, 1 / count);
        });
        accumulate(backend, lossSums.velocityLoss, velocityLoss, 1 / count);
        accumulate(backend, lossSums.projLoss, projLoss, 1 / count);
      } else update({ velocityLoss, projLoss });
      tf.dispose([{ ...losses }, { ...gradients }]); // the losses were kept
    });
  const updateBody = () => lossSums && update(lossSums);
  const pass = createProgram(backend, passBody, replays);
  const last = createProgram(backend, updateBody, replays);
  let kind: RunKind = "taped";

  return {
    key: setupKey(backend, batch, options),
    lastRun: () => kind,
    compile: (onProgress) =>
      backend.compile(() => {
        passBody();
        updateBody();
      }, onProgress),
    run: (next, settings, numbers) => {
      const { shape, path, alignment } = settings;
      const inputOptions = { shape, path, projCoeff: alignment.projCoeff };
      backend.flush(); // a write overtakes what is encoded and not yet submitted
      backend.fill(segments, numbers.segments);
      backend.fill(hyper, numbers.hyper);
      if (lossSums) {
        for (const info of [...sums, ...Object.values(lossSums)]) backend.clear(info);
        for (let i = 0; i < count; i++) {
          const part = sliceBatch(next, i * size, size);
          inputs.write(part, inputOptions);
          kind = pass.run();
          disposeBatch(part);
        }
        last.run();
      } else {
        inputs.write(next, inputOptions);
        kind = pass.run();
      }
      const copy = backend.makeTensorInfo([3], "float32");
      backend.copy(logged, copy); // the next step writes over it
      backend.flush();
      return tf.engine().makeTensorFromTensorInfo(copy) as Tensor1D;
    },
    dispose: () => {
      pass.dispose();
      last.dispose();
      inputs.dispose();
      for (const { dataId } of own) backend.disposeData(dataId);
    },
  };
}
