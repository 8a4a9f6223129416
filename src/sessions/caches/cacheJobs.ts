import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { autoencoderRow } from "../../common/catalogue/autoencoders";
import { encoderRow } from "../../common/catalogue/encoders";
import { isEncoderSpace, type FeatureSpaceId } from "../../common/catalogue/featureSpaces";
import type { HubFile } from "../../common/catalogue/hubFile";
import { INCEPTION_V3 } from "../../common/catalogue/inceptionV3";
import type { ImageDataset } from "../../sources/data/dataset";
import { loadAutoencoder } from "../../engine/encoders/loadAutoencoder";
import { loadFeatureSpace } from "../../engine/encoders/featureSpace";
import { loadEncoder } from "../../engine/encoders/loadEncoder";
import type { ModelSources } from "../../engine/encoders/modelSources";
import type { CacheRequest } from "../../common/protocol/features";
import type { CacheSpec } from "../../common/storage/caches";
import { cacheSpecs, requestedSpaces } from "./cacheSpecs";

/** Images encoded at once: enough to fill a GPU with small networks, and few enough that a cancel is quick. */
const CHUNK = 32;

/** A network that fills one cache, with its weights on the device. */
export interface RowMaker {
  /** Images [B, R, R, 3] in [-1, 1] -> cache rows [B, rowLength]. */
  readonly rowsOf: (images: Tensor4D) => Tensor;
  /** Images in one call. */
  readonly chunk: number;
  readonly dispose: () => void;
}

/** A cache a run needs, and how to load the network that fills it. */
export interface CacheJob {
  readonly spec: CacheSpec;
  /** The published network and its files, any of which will do; absent for the studio's own networks. */
  readonly published?: { readonly label: string; readonly files: readonly HubFile[] } | undefined;
  /** The trainer needs the network too: its weights have to be here even when the cache is complete. */
  readonly always: boolean;
  readonly load: () => Promise<RowMaker>;
}

/** The caches of a request. No network is loaded before it is needed. */
export function cacheJobs(
  sources: ModelSources,
  dataset: ImageDataset,
  { autoencoder: { id }, encoders, space, grid }: CacheRequest,
): CacheJob[] {
  const { resolution } = dataset;
  const [latents, ...features] = cacheSpecs(dataset, { autoencoder: id, encoders, space, grid });
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
  const loadFeatures = async (network: FeatureSpaceId): Promise<RowMaker> => {
    if (!isEncoderSpace(network)) {
      const { describe, dispose } = await loadFeatureSpace(network, sources, grid);
      return { rowsOf: (images) => describe(images).pooled, chunk: CHUNK, dispose };
    }
    const { encode, dispose } = await loadEncoder(network, sources);
    return { rowsOf: (images) => encode(images, grid), chunk: CHUNK, dispose };
  };
  const { label, files } = autoencoderRow(id);
  const published = files.length > 0 ? { label, files } : undefined;
  return [
    { spec: latents, published, always: true, load: loadLatents },
    ...requestedSpaces({ encoders, space }).flatMap((network, i): CacheJob[] => {
      const spec = features[i];
      if (!spec) return [];
      const load = () => loadFeatures(network);
      return [{ spec, published: publishedFiles(network), always: network === space, load }];
    }),
  ];
}

function publishedFiles(id: FeatureSpaceId): CacheJob["published"] {
  if (!isEncoderSpace(id)) return { label: INCEPTION_V3.label, files: INCEPTION_V3.files };
  const { label, weights } = encoderRow(id);
  return weights.kind === "hub" ? { label, files: weights.files } : undefined;
}
