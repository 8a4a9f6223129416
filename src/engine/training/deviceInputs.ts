import * as tf from "@tensorflow/tfjs-core";
import type { Rank, Tensor } from "@tensorflow/tfjs-core";
import { BOUND_COLUMNS } from "../diffusion/variationalBound";
import { ofRank, withRankOf } from "../kernels/ranks";
import { namesOf } from "../../common/math/records";
import type { StudioBackend } from "../kernels/studioBackend";
import { computedInputs, type InputOptions, type StepInputs } from "./stepInputs";
import type { TrainBatch } from "./trainBatch";

/** Inputs of a step that stay at one place, so that a recorded step reads the next batch from its own operands. */
export interface DeviceInputs {
  readonly tensors: StepInputs;
  /** Writes a batch of the shapes given at creation. */
  readonly write: (batch: TrainBatch, options: InputOptions) => void;
  readonly dispose: () => void;
}

/** Inputs for `count` samples at once, each shaped as those of `batch`; without values yet. */
export function createDeviceInputs(
  backend: StudioBackend,
  batch: TrainBatch,
  count: number,
  { shape }: Pick<InputOptions, "shape">,
): DeviceInputs {
  const allocate = (dims: number[], dtype: "float32" | "int32" = "float32"): Tensor => {
    const info = backend.makeTensorInfo(dims, dtype);
    backend.uploadToGPU(info.dataId); // without values: allocates
    return tf.engine().makeTensorFromTensorInfo(info);
  };
  const like = <R extends Rank>(tensor: Tensor<R>): Tensor<R> =>
    withRankOf(allocate([count, ...tensor.shape.slice(1)]), tensor);
  const tensors: StepInputs = {
    latents: like(batch.latents),
    noise: like(batch.noise),
    coefficients: ofRank(allocate([count, 4]), "R2"),
    ...(shape.family === "dit" && { bound: ofRank(allocate([count, BOUND_COLUMNS]), "R2") }),
    timeFeatures: ofRank(allocate([count, shape.frequencySize]), "R2"),
    labels: ofRank(allocate([count], "int32"), "R1"),
    features: batch.features.map((features) => like(features)),
    projCoeff: ofRank(allocate([]), "R0"),
  };
  return {
    tensors,
    write: (next, options) => {
      backend.flush(); // a write to the queue runs before what is encoded and not yet submitted
      backend.fill(tensors.latents, next.latents);
      backend.fill(tensors.noise, next.noise);
      tensors.features.forEach((target, i) => {
        const source = next.features[i];
        if (source) backend.fill(target, source);
      });
      const { bound, ...computed } = computedInputs(next, options);
      if (tensors.bound && bound) backend.fill(tensors.bound, bound);
      for (const name of namesOf(computed)) backend.fill(tensors[name], computed[name]);
    },
    dispose: () => {
      const { features, ...single } = tensors;
      tf.dispose([...features, ...Object.values(single)]);
    },
  };
}
