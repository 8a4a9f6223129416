import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, TensorInfo } from "@tensorflow/tfjs-core";
import { accumulate } from "../kernels/accumulate";
import {
  optimizerUpdate,
  partialsLength,
  type Arena,
  type OptimizerOperands,
} from "../kernels/optimizerUpdate";
import { ofRank } from "../kernels/ranks";
import type { StudioBackend } from "../kernels/studioBackend";
import { createDeviceInputs } from "./deviceInputs";
import type { FlatState } from "./flatState";
import { createProgram, type RunKind } from "./replay";
import type { InputOptions, StepInputs } from "./stepInputs";
import { disposeBatch, microBatchCount, sliceBatch, type TrainBatch } from "./trainBatch";
import { lossAndGradients, type LossOptions, type Losses, type StepOptions } from "./trainStep";
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

/** What the recorded commands write to besides the flat state. */
interface StepBuffers {
  readonly segments: TensorInfo;
  readonly hyper: TensorInfo;
  readonly partials: TensorInfo;
  readonly logged: TensorInfo;
  /** With micro-batches: where gradients (by arena) and losses are summed. */
  readonly sums?: {
    readonly gradients: readonly TensorInfo[];
    readonly losses: OptimizerOperands["losses"];
  };
  readonly dispose: () => void;
}

function allocateBuffers(backend: StudioBackend, flat: FlatState, hasSums: boolean): StepBuffers {
  const own: TensorInfo[] = [];
  const allocate = (...dims: number[]): TensorInfo => {
    const info = backend.makeTensorInfo(dims, "float32");
    backend.uploadToGPU(info.dataId); // without values: allocates
    own.push(info);
    return info;
  };
  const { segments, arenaSizes } = flat.layout;
  return {
    segments: allocate(segments.length, 4),
    hyper: allocate(8),
    logged: allocate(3),
    partials: allocate(partialsLength(arenaSizes)),
    ...(hasSums && {
      sums: {
        gradients: arenaSizes.map((size) => allocate(size)),
        losses: { velocityLoss: allocate(), projLoss: allocate() },
      },
    }),
    dispose: () => {
      for (const { dataId } of own) backend.disposeData(dataId);
    },
  };
}

/** Encodes the losses of what the inputs hold, and their gradients into the flat places. The losses are the caller's. */
function encodeGradients(
  backend: StudioBackend,
  flat: FlatState,
  inputs: StepInputs,
  options: LossOptions,
): Losses {
  backend.placeGradients(flat.gradientPlaces);
  // what is encoded is not computed yet: the device trainer reports what is
  const encoded = { ...options, onProgress: undefined };
  const { losses, gradients } = lossAndGradients(flat.maps.params, inputs, encoded);
  backend.placeGradients(new Map());
  for (const [name, gradient] of Object.entries(gradients)) {
    const target = flat.gradient(name);
    if (!backend.sharesMemory(gradient, target)) backend.copy(gradient, target);
  }
  tf.dispose({ ...gradients });
  return losses;
}

/** The two computations of a step: a pass for each micro-batch, then the update where there are several. */
function stepBodies(
  backend: StudioBackend,
  flat: FlatState,
  inputs: StepInputs,
  { segments, hyper, partials, logged, sums }: StepBuffers,
  options: LossOptions,
  count: number,
): { readonly pass: () => void; readonly update: () => void } {
  const gradientsOf = (i: number, arena: Arena) => sums?.gradients[i] ?? arena.gradients;
  const update = (losses: OptimizerOperands["losses"]) => {
    const arenas = flat.arenas.map((arena, i) => ({ ...arena, gradients: gradientsOf(i, arena) }));
    optimizerUpdate(backend, { arenas, segments, hyper, partials, losses, logged });
  };
  const addToSums = ({ velocityLoss, projLoss }: Losses, into: OptimizerOperands["losses"]) => {
    flat.arenas.forEach((arena, i) => {
      accumulate(backend, gradientsOf(i, arena), arena.gradients, 1 / count);
    });
    accumulate(backend, into.velocityLoss, velocityLoss, 1 / count);
    accumulate(backend, into.projLoss, projLoss, 1 / count);
  };
  return {
    pass: () =>
      tf.tidy(() => {
        const losses = encodeGradients(backend, flat, inputs, options);
        if (sums) addToSums(losses, sums.losses);
        else update(losses);
        tf.dispose({ ...losses }); // they were kept
      }),
    update: () => {
      if (sums) update(sums.losses);
    },
  };
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
  const buffers = allocateBuffers(backend, flat, count > 1);
  const bodies = stepBodies(backend, flat, inputs.tensors, buffers, options, count);
  const pass = createProgram(backend, bodies.pass, replays);
  const update = createProgram(backend, bodies.update, replays);
  const { sums, logged } = buffers;
  let kind: RunKind = "encoded";

  const runMicroBatches = (next: TrainBatch, inputOptions: InputOptions) => {
    for (let i = 0; i < count; i++) {
      const part = sliceBatch(next, i * size, size);
      inputs.write(part, inputOptions);
      kind = pass.run();
      disposeBatch(part);
    }
    update.run();
  };

  return {
    key: setupKey(backend, batch, options),
    lastRun: () => kind,
    compile: (onProgress) =>
      backend.compile(() => {
        bodies.pass();
        bodies.update();
      }, onProgress),
    run: (next, { shape, path, alignment }, numbers) => {
      const inputOptions = { shape, path, projCoeff: alignment.projCoeff };
      backend.flush(); // a write to the queue runs before what is encoded and not yet submitted
      backend.fill(buffers.segments, numbers.segments);
      backend.fill(buffers.hyper, numbers.hyper);
      if (sums) {
        for (const sum of [...sums.gradients, ...Object.values(sums.losses)]) backend.clear(sum);
        runMicroBatches(next, inputOptions);
      } else {
        inputs.write(next, inputOptions);
        kind = pass.run();
      }
      const copy = backend.makeTensorInfo([3], "float32");
      backend.copy(logged, copy); // the next step writes over it
      backend.flush();
      return ofRank(tf.engine().makeTensorFromTensorInfo(copy), "R1");
    },
    dispose: () => {
      pass.dispose();
      update.dispose();
      inputs.dispose();
      buffers.dispose();
    },
  };
}
