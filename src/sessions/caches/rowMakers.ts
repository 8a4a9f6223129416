import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { AutoencoderId } from "../../common/catalogue/autoencoders";
import { isEncoderSpace, type FeatureSpaceId } from "../../common/catalogue/featureSpaces";
import { loadFeatureSpace } from "../../engine/encoders/featureSpace";
import { loadAutoencoder } from "../../engine/encoders/loadAutoencoder";
import { loadEncoder } from "../../engine/encoders/loadEncoder";
import type { ModelSources } from "../../engine/encoders/modelSources";

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

/** Latent moments of images of `resolution` px a side. @throws StudioError WEIGHTS_MISSING, and what files throw */
export async function latentsMaker(
  id: AutoencoderId,
  resolution: number,
  sources: ModelSources,
): Promise<RowMaker> {
  const { encodeMoments, dispose } = await loadAutoencoder(id, resolution, sources);
  const rowsOf = (images: Tensor4D) => {
    const { mean, std } = encodeMoments(images);
    const flat = (x: Tensor4D) => tf.reshape(x, [images.shape[0], -1]);
    return tf.concat([flat(mean), flat(std)], 1);
  };
  return { rowsOf, chunk: CHUNK, dispose };
}

/** An encoder's tokens on a grid of this side, or Inception's vectors. @throws StudioError as `latentsMaker` does */
export async function featuresMaker(
  network: FeatureSpaceId,
  grid: number,
  sources: ModelSources,
): Promise<RowMaker> {
  if (!isEncoderSpace(network)) {
    const { describe, dispose } = await loadFeatureSpace(network, sources, grid);
    return { rowsOf: (images) => describe(images).pooled, chunk: CHUNK, dispose };
  }
  const { encode, dispose } = await loadEncoder(network, sources);
  return { rowsOf: (images) => encode(images, grid), chunk: CHUNK, dispose };
}
