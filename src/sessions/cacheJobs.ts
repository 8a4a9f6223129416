import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { encoderRow } from "../catalogue/encoders";
import type { ImageDataset } from "../data/dataset";
import { autoencoderFacts, loadAutoencoder } from "../encoders/loadAutoencoder";
import { loadEncoder } from "../encoders/loadEncoder";
import type { ModelSources } from "../encoders/modelSources";
import type { CacheRequest } from "../protocol/features";
import type { CacheSpec } from "../storage/caches";
import { featuresSpec, latentsSpec } from "./cacheSpecs";

/** Images encoded at once: enough to fill a GPU with small networks, few enough to cancel quickly. */
const CHUNK = 32;

/** A network that fills one cache, with its weights on the device. */
export interface RowMaker {
  /** Images [B, R, R, 3] in [-1, 1] -> cache rows [B, rowLength]. */
  readonly rowsOf: (images: Tensor4D) => Tensor;
  /** Images it takes at once. */
  readonly chunk: number;
  readonly dispose: () => void;
}

/** A cache a run needs, and how to load what fills it. */
export interface CacheJob {
  readonly spec: CacheSpec;
  readonly load: () => Promise<RowMaker>;
}

/** The caches of a request, by facts alone: nothing is loaded before it is needed. */
export function cacheJobs(
  sources: ModelSources,
  dataset: ImageDataset,
  { autoencoder: { id }, encoders, grid }: CacheRequest,
): CacheJob[] {
  const { resolution } = dataset;
  const latents: CacheJob = {
    spec: latentsSpec(dataset, autoencoderFacts(id, resolution)),
    load: async () => {
      const { encodeMoments, dispose } = await loadAutoencoder(id, resolution, sources);
      const rowsOf = (images: Tensor4D) => {
        const { mean, std } = encodeMoments(images);
        const flat = (x: Tensor4D) => tf.reshape(x, [images.shape[0], -1]);
        return tf.concat([flat(mean), flat(std)], 1);
      };
      return { rowsOf, chunk: CHUNK, dispose };
    },
  };
  const features = encoders.map((encoder): CacheJob => ({
    spec: featuresSpec(dataset, encoderRow(encoder), grid),
    load: async () => {
      const { encode, dispose } = await loadEncoder(encoder, sources);
      return { rowsOf: (images) => encode(images, grid), chunk: CHUNK, dispose };
    },
  }));
  return [latents, ...features];
}
