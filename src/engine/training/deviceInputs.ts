import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { StudioBackend } from "../kernels/studioBackend";
import { computedInputs, type InputOptions, type StepInputs } from "./stepInputs";
import type { TrainBatch } from "./trainBatch";

/** Inputs of a step that stay where they are, so that a recorded step finds the next batch in its own operands. */
export interface DeviceInputs {
  readonly tensors: StepInputs;
  /** Writes a batch of the shapes given at creation. */
  readonly write: (batch: TrainBatch, options: InputOptions) => void;
  readonly dispose: () => void;
}

/** Room for `count` samples at once, each shaped as those of `batch`; holds no values yet. */
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
  const like = <T extends Tensor>(tensor: T) => allocate([count, ...tensor.shape.slice(1)]) as T;
  const tensors: StepInputs = {
    latents: like(batch.latents),
    noise: like(batch.noise),
    coefficients: allocate([count, 4]) as Tensor2D,
    timeFeatures: allocate([count, shape.frequencySize]) as Tensor2D,
    labels: allocate([count], "int32") as Tensor1D,
    features: batch.features.map(like),
    projCoeff: allocate([]) as Scalar,
  };
  return {
    tensors,
    write: (next, options) => {
      backend.flush(); // a write overtakes what is encoded and not yet submitted
      const { latents, noise, features } = next;
      const given = { latents, noise };
      for (const [name, tensor] of Object.entries(given)) {
        backend.fill(tensors[name as keyof typeof given], tensor);
      }
      tensors.features.forEach((target, i) => {
        const source = features[i];
        if (source) backend.fill(target, source);
      });
      for (const [name, values] of Object.entries(computedInputs(next, options))) {
        backend.fill(tensors[name as "coefficients"], values);
      }
    },
    dispose: () => {
      const { features, ...single } = tensors;
      tf.dispose([...features, ...Object.values(single)]);
    },
  };
}
