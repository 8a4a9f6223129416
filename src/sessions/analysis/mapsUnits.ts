import * as tf from "@tensorflow/tfjs-core";
import { sayTime } from "../../common/config/noiseLevel";
import type { EncoderId } from "../../common/config/experiment";
import type { HiddenResult } from "../../common/protocol/analysis";
import type { FeatureRows } from "../../common/protocol/metrics";
import type { PictureStrip } from "../../common/protocol/previews";
import { analysisKey, encoderPart, subjectPart } from "./analysisKey";
import type { OpenSubject } from "./analysisSubject";
import type { Unit, UnitInputs } from "./analysisUnits";
import { HELD_OUT_STREAM, hiddenTokens } from "../run/hiddenStates";
import { imageBytes } from "../common/images";
import { movable, partOf, type OnShare } from "../metrics/metricsLine";
import { spread } from "../run/trainingData";

/** Images decoded at once. */
const CHUNK = 8;

type MapsResult = Extract<HiddenResult, { readonly kind: "maps" }>;
type Maps = MapsResult["layers"][number];

/** Images as the autoencoder gives them back from the mean of their latents. */
async function decodedImages(
  { autoencoder, data, shape }: OpenSubject,
  images: Uint32Array,
): Promise<PictureStrip> {
  const side = data.dataset.resolution;
  const rgb = new Uint8Array(images.length * side * side * 3);
  const { decode } = await autoencoder();
  const { latents } = data.source;
  const half = latents.rowLength / 2;
  for (let first = 0; first < images.length; first += CHUNK) {
    const rows = images.subarray(first, first + CHUNK);
    const moments = await latents.gather(rows);
    const means = moments.filter((_, at) => at % latents.rowLength < half);
    const decoded = tf.tidy(() =>
      decode(tf.tensor4d(means, [rows.length, shape.inputSide, shape.inputSide, shape.inChannels])),
    );
    try {
      rgb.set(await imageBytes(decoded), first * side * side * 3);
    } finally {
      decoded.dispose();
    }
  }
  return { side, rgb };
}

/** Every patch token of an encoder on some images: [n x grid², width]. */
async function encoderTokens(
  { data }: OpenSubject,
  encoder: EncoderId,
  images: Uint32Array,
): Promise<FeatureRows> {
  const { gather, tokens, width } = await data.features(encoder);
  return { values: await gather(images), count: images.length * tokens, width };
}

/** Tokens as colours: of every block at the plan's noise levels, and of the encoders; none where no image is asked for. */
export function mapsUnits({ open, plan, ask, backend, between }: UnitInputs): Unit[] {
  const { times, encoders, mapImages } = plan;
  const images = spread(open.data.allHeldOut, mapImages);
  if (images.length === 0) return [];

  const mapsOf = async (tokens: FeatureRows, report: OnShare): Promise<Maps> => {
    const { rgb, spatialScore } = await ask(
      (metrics, onProgress) => metrics.tokenMaps(movable(tokens), open.grid, onProgress),
      report,
    );
    return { maps: { side: open.grid, rgb }, spatialScore };
  };

  const compute = async (time: number, report: OnShare): Promise<MapsResult> => {
    const context = { ...open, between };
    const input = { images, time, stream: HELD_OUT_STREAM };
    const hidden = await hiddenTokens(context, await open.params(), input);
    const count = hidden.length + encoders.length;
    const layers: Maps[] = [];
    for (const [layer, tokens] of hidden.entries()) {
      layers.push(await mapsOf(tokens, partOf(report, layer, count)));
    }
    const own: MapsResult["encoders"][number][] = [];
    for (const [at, encoder] of encoders.entries()) {
      const tokens = await encoderTokens(open, encoder, images);
      const maps = await mapsOf(tokens, partOf(report, hidden.length + at, count));
      own.push({ encoder, ...maps });
    }
    return { kind: "maps", time, images: await decodedImages(open, images), layers, encoders: own };
  };

  return times.map((time) => ({
    key: analysisKey({
      kind: "maps",
      ...{ time, images: images.length },
      ...subjectPart(open, backend),
      encoders: encoders.map((encoder) => encoderPart(open, encoder)),
    }),
    detail: `${open.name}: feature maps at ${sayTime(time, [open.experiment.model.family])}`,
    compute: async (report) => ({ subject: open.subject, result: await compute(time, report) }),
  }));
}
