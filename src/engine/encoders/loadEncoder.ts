import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { EncoderRow, WeightsOrigin } from "../../common/catalogue/encoderRow";
import { encoderRow, type EncoderId } from "../../common/catalogue/encoders";
import type { VitArchitecture } from "../../common/catalogue/vitArchitecture";
import { tensorSourceOf } from "../../common/formats/tensorSource";
import { resamplePositions, vitTokens } from "../models/vit";
import { initVit } from "../models/vitInit";
import { tensor3d, type ParamMap } from "../nn/params";
import { EncoderCard, parseCard } from "./modelCard";
import type { ModelSources } from "./modelSources";
import { patchHistogram } from "./patchHistogram";
import { encoderInput } from "./preprocess";
import { loadVitParams } from "./vitWeights";
import { readWeightsFile } from "./weights";

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

/** Position tables by grid, made at the first use of each from the table the weights came with. */
async function positionTables(native: Tensor3D, config: VitArchitecture) {
  const values = await native.data<"float32">();
  const tables = new Map([[config.grid, native]]);
  return {
    of: (grid: number): Tensor3D => {
      const known = tables.get(grid);
      if (known) return known;
      const rows = resamplePositions(values, config, [grid, grid]);
      // kept, because encode may run in a tidy scope of its caller
      const made = tf.keep(tf.tensor3d(rows, [1, rows.length / config.width, config.width]));
      tables.set(grid, made);
      return made;
    },
    dispose: () => tf.dispose([...tables.values()]),
  };
}

async function vitEncoder(
  { id, version, width, input }: EncoderRow<EncoderId>,
  config: VitArchitecture,
  params: ParamMap,
): Promise<LoadedEncoder> {
  const tables = await positionTables(tensor3d(params, "pos_embed"), config);
  return {
    id,
    version,
    width,
    encode: (images, grid) =>
      tf.tidy(() => {
        const placed = { ...params, pos_embed: tables.of(grid) };
        return vitTokens(placed, config, encoderInput(input, images, grid));
      }),
    dispose: () => {
      tf.dispose(Object.values(params));
      tables.dispose();
    },
  };
}

function histogramEncoder({ id, version, width, input }: EncoderRow<EncoderId>): LoadedEncoder {
  return {
    id,
    version,
    width,
    encode: (images, grid) =>
      tf.tidy(() => patchHistogram(encoderInput(input, images, grid), input.patch)),
    dispose: () => undefined,
  };
}

/** Parameters from where a row says they are. */
async function paramsOf(
  weights: Exclude<WeightsOrigin, { kind: "none" }>,
  config: VitArchitecture,
  { readModelFile, openWeights }: ModelSources,
): Promise<ParamMap> {
  if (weights.kind === "hub") return loadVitParams(await openWeights(weights.files), config);
  const card = parseCard(EncoderCard, weights.card, await readModelFile(weights.card));
  if (weights.kind === "untrained") return initVit(config, card.training.seed);
  const bytes = await readWeightsFile(readModelFile, card);
  return loadVitParams(tensorSourceOf(card.file, bytes), config);
}

/**
 * Loads an encoder of the catalogue.
 * @throws StudioError WEIGHTS_MISSING, DOWNLOAD_FAILED, CHECKSUM_MISMATCH, BAD_SAFETENSORS, PARAM_MISSING,
 * SHAPE_MISMATCH
 */
export async function loadEncoder(id: EncoderId, sources: ModelSources): Promise<LoadedEncoder> {
  const row = encoderRow(id);
  const { vit, weights } = row;
  if (!vit || weights.kind === "none") return histogramEncoder(row);
  return vitEncoder(row, vit, await paramsOf(weights, vit, sources));
}
