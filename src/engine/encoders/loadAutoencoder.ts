import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import {
  autoencoderRow,
  type AutoencoderId,
  type AutoencoderRow,
  type KlArchitecture,
  type TaesdArchitecture,
} from "../../common/catalogue/autoencoders";
import { imagesAtOnce } from "../../common/config/autoencoderMemory";
import type { ReadFile } from "../../common/formats/readFile";
import { currentName, decode, encodeMoments, type Moments } from "../models/autoencoderKl";
import { autoencoderKlShapes } from "../models/autoencoderKlInit";
import { inImageChunks } from "../models/imageChunks";
import { diffusersName, taesdDecode, taesdEncode, taesdShapes } from "../models/taesd";
import type { ParamMap } from "../nn/params";
import { autoencoderFacts, type AutoencoderFacts } from "./autoencoderFacts";
import { AutoencoderCard, parseCard } from "./modelCard";
import type { ModelSources } from "./modelSources";
import { paramsFromSource } from "./paramsFromSource";
import { paramsFromSafetensors, readWeightsFile } from "./weights";

/** An autoencoder with its weights on the device; `pixels` has none and changes nothing. */
export interface LoadedAutoencoder extends AutoencoderFacts {
  /** The diffusion model sees latents times this. */
  readonly scalingFactor: number;
  /** Images [B, S, S, 3] in [-1, 1] to the posterior of their latents, unscaled; as many at once as fit. */
  readonly encodeMoments: (images: Tensor4D) => Moments;
  /** Unscaled latents [B, side, side, channels] to images [B, S, S, 3], about [-1, 1], not clipped. */
  readonly decode: (latents: Tensor4D) => Tensor4D;
  readonly dispose: () => void;
}

/** Functions for one batch that fits. The loader disposes intermediate tensors and splits larger batches. */
type Codec = Pick<LoadedAutoencoder, "encodeMoments" | "decode" | "dispose">;

/** Latents are the pixels themselves, without noise. */
const pixels: Codec = {
  encodeMoments: (images) => ({ mean: tf.clone(images), std: tf.zerosLike(images) }),
  decode: (latents) => tf.clone(latents),
  dispose: () => undefined,
};

/** The built-in weights, checked against the checksum of their card. */
async function builtInParams(
  readFile: ReadFile,
  id: AutoencoderId,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<ParamMap> {
  const name = `${id}.json`;
  const card = parseCard(AutoencoderCard, name, await readFile(name));
  return paramsFromSafetensors(card.file, await readWeightsFile(readFile, card), shapes);
}

async function loadKl(
  row: AutoencoderRow,
  architecture: KlArchitecture,
  { readModelFile, openWeights }: ModelSources,
): Promise<Codec> {
  const { latentChannels, scalingFactor } = row;
  const config = { ...architecture, latentChannels, scalingFactor };
  const shapes = autoencoderKlShapes(config);
  const params =
    row.files.length === 0
      ? await builtInParams(readModelFile, row.id, shapes)
      : await paramsFromSource(await openWeights(row.files), shapes, currentName);
  return {
    encodeMoments: (images) => encodeMoments(params, config, images),
    decode: (latents) => decode(params, config, latents),
    dispose: () => tf.dispose(Object.values(params)),
  };
}

/** Its images are in [0, 1]; its encoder gives no variance, so that sampling the posterior adds nothing. */
async function loadTaesd(
  row: AutoencoderRow,
  { width }: TaesdArchitecture,
  { openWeights }: ModelSources,
): Promise<Codec> {
  const config = { width, latentChannels: row.latentChannels };
  const source = await openWeights(row.files);
  const params = await paramsFromSource(source, taesdShapes(config), diffusersName);
  return {
    encodeMoments: (images) => {
      const unit = tf.tidy(() => tf.add<Tensor4D>(tf.mul(images, 0.5), 0.5));
      const mean = taesdEncode(params, config, unit);
      return { mean, std: tf.zerosLike(mean) };
    },
    decode: (latents) => tf.sub(tf.mul(taesdDecode(params, config, latents), 2), 1),
    dispose: () => tf.dispose(Object.values(params)),
  };
}

function loadCodec(row: AutoencoderRow, sources: ModelSources): Promise<Codec> {
  switch (row.architecture.kind) {
    case "pixels":
      return Promise.resolve(pixels);
    case "kl":
      return loadKl(row, row.architecture, sources);
    case "taesd":
      return loadTaesd(row, row.architecture, sources);
  }
}

/**
 * Loads an autoencoder for images of `resolution` px a side.
 * @throws StudioError WEIGHTS_MISSING when it must be downloaded first; DOWNLOAD_FAILED, CHECKSUM_MISMATCH,
 * BAD_SAFETENSORS, PARAM_MISSING, SHAPE_MISMATCH
 */
export async function loadAutoencoder(
  id: AutoencoderId,
  resolution: number,
  sources: ModelSources,
): Promise<LoadedAutoencoder> {
  const row = autoencoderRow(id);
  const codec = await loadCodec(row, sources);
  const atOnce = imagesAtOnce(row, resolution);
  return {
    ...autoencoderFacts(id, resolution),
    scalingFactor: row.scalingFactor,
    encodeMoments: (images) =>
      inImageChunks(images, atOnce, (some) => ({ ...codec.encodeMoments(some) })),
    decode: (latents) =>
      inImageChunks(latents, atOnce, (some) => ({ images: codec.decode(some) })).images,
    dispose: codec.dispose,
  };
}
