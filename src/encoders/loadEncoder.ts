import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { EncoderRow } from "../catalogue/encoderRow";
import { encoderRow, type EncoderId } from "../catalogue/encoders";
import { StudioError } from "../errors/studioError";
import type { ReadFile } from "../formats/readFile";
import { resamplePositions, vitTokens, type VitConfig } from "../models/vit";
import { initVit, vitShapes } from "../models/vitInit";
import type { ParamMap } from "../nn/params";
import { EncoderCard, parseCard } from "./modelCard";
import { patchHistogram } from "./patchHistogram";
import { normalizeImages, resizeImages } from "./preprocess";
import { paramsFromSafetensors, readWeightsFile } from "./weights";

/** A frozen encoder with its weights on the device. */
export interface LoadedEncoder {
  readonly id: EncoderId;
  /** Part of the cache keys of its features. */
  readonly version: string;
  /** Features of a token, Z. */
  readonly width: number;
  /**
   * @param images [B, S, S, 3] in [-1, 1]
   * @param grid side of the token grid wanted: the images are resized to fit it
   * @returns patch tokens [B, grid², width], row-major; the caller's to dispose
   */
  readonly encode: (images: Tensor4D, grid: number) => Tensor3D;
  readonly dispose: () => void;
}

const prepare = ({ input }: EncoderRow, images: Tensor4D, grid: number): Tensor4D =>
  resizeImages(normalizeImages(images, input.mean, input.std), grid * input.patch);

async function vitEncoder(
  row: EncoderRow<EncoderId>,
  params: ParamMap,
  config: VitConfig,
): Promise<LoadedEncoder> {
  const { pos_embed: native, ...others } = params;
  const table = native ? await native.data<"float32">() : new Float32Array();
  // position tables by grid, made at the first use of each
  const tables = new Map<number, Tensor>(native ? [[config.grid, native]] : []);
  const positionsFor = (grid: number): Tensor => {
    const known = tables.get(grid);
    if (known) return known;
    const shape: [number, number, number] = [1, 0, config.width];
    const values = resamplePositions(table, config, grid);
    shape[1] = values.length / config.width;
    const made = tf.keep(tf.tensor3d(values, shape)); // kept: encode may run in its caller's tidy
    tables.set(grid, made);
    return made;
  };
  return {
    id: row.id,
    version: row.version,
    width: config.width,
    encode: (images, grid) =>
      tf.tidy(() =>
        vitTokens({ ...others, pos_embed: positionsFor(grid) }, config, prepare(row, images, grid)),
      ),
    dispose: () => tf.dispose([...Object.values(others), ...tables.values()]),
  };
}

/**
 * Loads an encoder of the catalogue.
 * @param readFile reads below public/models
 * @throws StudioError DOWNLOAD_FAILED, CHECKSUM_MISMATCH, BAD_SAFETENSORS, PARAM_MISSING, SHAPE_MISMATCH
 */
export async function loadEncoder(id: EncoderId, readFile: ReadFile): Promise<LoadedEncoder> {
  const row = encoderRow(id);
  if (row.weights.kind === "none") {
    return {
      id,
      version: row.version,
      width: row.width,
      encode: (images, grid) =>
        tf.tidy(() => patchHistogram(prepare(row, images, grid), row.input.patch)),
      dispose: () => undefined,
    };
  }
  if (row.weights.kind === "hub") {
    throw new StudioError(
      "WEIGHTS_MISSING",
      `The weights of ${row.label} are not stored in this browser.`,
      "Download them, or drop their file.",
    );
  }
  const card = parseCard(EncoderCard, row.weights.card, await readFile(row.weights.card));
  if (row.weights.kind === "untrained") {
    return vitEncoder(row, initVit(card.config, card.training.seed), card.config);
  }
  const bytes = await readWeightsFile(readFile, card);
  const params = paramsFromSafetensors(card.file, bytes, vitShapes(card.config));
  return vitEncoder(row, params, card.config);
}
