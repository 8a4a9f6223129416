import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { autoencoderRow } from "../catalogue/autoencoders";
import { encoderRow } from "../catalogue/encoders";
import type { HubFile } from "../catalogue/hubFile";
import type { EncoderId } from "../config/experiment";
import type { ImageDataset } from "../data/dataset";
import { loadAutoencoder } from "../encoders/loadAutoencoder";
import { loadEncoder } from "../encoders/loadEncoder";
import type { ModelSources } from "../encoders/modelSources";
import type { CacheRequest } from "../protocol/features";
import type { CacheSpec } from "../storage/caches";
import { cacheSpecs } from "./cacheSpecs";

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
  /** What the network is, with the published files any of which will do; absent for the studio's own. */
  readonly published?: { readonly label: string; readonly files: readonly HubFile[] } | undefined;
  /** The trainer needs the network too: its weights have to be here even when the cache is complete. */
  readonly always: boolean;
  readonly load: () => Promise<RowMaker>;
}

/** The caches of a request, by facts alone: nothing is loaded before it is needed. */
export function cacheJobs(
  sources: ModelSources,
  dataset: ImageDataset,
  { autoencoder: { id }, encoders, grid }: CacheRequest,
): CacheJob[] {
  const { resolution } = dataset;
  const [latents, ...features] = cacheSpecs(dataset, { autoencoder: id, encoders, grid });
  if (!latents) return [];
  const loadLatents = async (): Promise<RowMaker> => {
    const { encodeMoments, dispose } = await loadAutoencoder(id, resolution, sources);
    const rowsOf = (images: Tensor4D) => {
      const { mean, std } = encodeMoments(images);
      const flat = (x: Tensor4D) => tf.reshape(x, [images.shape[0], -1]);
      return tf.concat([flat(mean), flat(std)], 1);
    };
    return { rowsOf, chunk: CHUNK, dispose };
  };
  const loadFeatures = async (encoder: EncoderId): Promise<RowMaker> => {
    const { encode, dispose } = await loadEncoder(encoder, sources);
    return { rowsOf: (images) => encode(images, grid), chunk: CHUNK, dispose };
  };
  const { label, files } = autoencoderRow(id);
  const published = files.length > 0 ? { label, files } : undefined;
  return [
    { spec: latents, published, always: true, load: loadLatents },
    ...encoders.flatMap((encoder, i): CacheJob[] => {
      const spec = features[i];
      if (!spec) return [];
      const load = () => loadFeatures(encoder);
      return [{ spec, published: publishedEncoder(encoder), always: false, load }];
    }),
  ];
}

function publishedEncoder(id: EncoderId): CacheJob["published"] {
  const { label, weights } = encoderRow(id);
  return weights.kind === "hub" ? { label, files: weights.files } : undefined;
}
