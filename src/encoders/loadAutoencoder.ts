import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { EMOJI_SHAPE } from "../config/sizes";
import type { Experiment } from "../config/experiment";
import type { ReadFile } from "../formats/readFile";
import { decode, encodeMoments, spatialFactor, type Moments } from "../models/autoencoderKl";
import { autoencoderKlShapes } from "../models/autoencoderKlInit";
import { AutoencoderCard, parseCard } from "./modelCard";
import { paramsFromSafetensors, readWeightsFile } from "./weights";

type AutoencoderId = Experiment["autoencoder"]["id"];

/** What can be known of an autoencoder without its weights. */
export interface AutoencoderFacts {
  readonly id: AutoencoderId;
  /** Part of the cache keys of its latents. */
  readonly version: string;
  /** Side of the latents of the built-in images, latent px. */
  readonly side: number;
  readonly channels: number;
}

/** An autoencoder with its weights on the device; `pixels` has none and changes nothing. */
export interface LoadedAutoencoder extends AutoencoderFacts {
  /** The diffusion model sees latents times this. */
  readonly scalingFactor: number;
  /** Images [B, S, S, 3] in [-1, 1] to the posterior of their latents, unscaled. */
  readonly encodeMoments: (images: Tensor4D) => Moments;
  /** Unscaled latents [B, side, side, channels] to images [B, S, S, 3], about [-1, 1], not clipped. */
  readonly decode: (latents: Tensor4D) => Tensor4D;
  readonly dispose: () => void;
}

const CARD = "tiny-kl.json";
/** Raised when the same weights would give other latents. */
const CODE_VERSION = 1;

const PIXELS: AutoencoderFacts = {
  id: "pixels",
  version: String(CODE_VERSION),
  side: EMOJI_SHAPE.resolution,
  channels: 3,
};

/** Latents are the pixels themselves, without noise. */
const pixels = (): LoadedAutoencoder => ({
  ...PIXELS,
  scalingFactor: 1,
  encodeMoments: (images) => ({ mean: tf.clone(images), std: tf.zerosLike(images) }),
  decode: (latents) => tf.clone(latents),
  dispose: () => undefined,
});

const factsOf = ({ id, config, sha256 }: AutoencoderCard): AutoencoderFacts => ({
  id,
  version: `${CODE_VERSION}-${sha256.slice(0, 8)}`,
  side: EMOJI_SHAPE.resolution / spatialFactor(config),
  channels: config.latentChannels,
});

const readCard = async (readFile: ReadFile): Promise<AutoencoderCard> =>
  parseCard(AutoencoderCard, CARD, await readFile(CARD));

/** The facts alone, from the card: enough to name and size a cache. @throws StudioError DOWNLOAD_FAILED */
export const autoencoderFacts = async (
  id: AutoencoderId,
  readFile: ReadFile,
): Promise<AutoencoderFacts> => (id === "pixels" ? PIXELS : factsOf(await readCard(readFile)));

/**
 * Loads an autoencoder.
 * @param readFile reads below public/models
 * @throws StudioError DOWNLOAD_FAILED, CHECKSUM_MISMATCH, BAD_SAFETENSORS, PARAM_MISSING, SHAPE_MISMATCH
 */
export async function loadAutoencoder(
  id: AutoencoderId,
  readFile: ReadFile,
): Promise<LoadedAutoencoder> {
  if (id === "pixels") return pixels();
  const card = await readCard(readFile);
  const { config } = card;
  const bytes = await readWeightsFile(readFile, card);
  const params = paramsFromSafetensors(card.file, bytes, autoencoderKlShapes(config));
  return {
    ...factsOf(card),
    scalingFactor: config.scalingFactor,
    encodeMoments: (images) => tf.tidy(() => ({ ...encodeMoments(params, config, images) })),
    decode: (latents) => tf.tidy(() => decode(params, config, latents)),
    dispose: () => tf.dispose(Object.values(params)),
  };
}
