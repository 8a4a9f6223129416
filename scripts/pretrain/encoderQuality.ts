import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { encoderRow, TINY_VIT } from "../../src/common/catalogue/encoders";
import type { EncoderId } from "../../src/common/config/experiment";
import type { InMemoryDataset } from "./inMemory";
import { loadEncoder } from "../../src/engine/encoders/loadEncoder";
import type { EncoderCard, QualityTable } from "../../src/engine/encoders/modelCard";
import { loadVitParams } from "../../src/engine/encoders/vitWeights";
import { readWeightsFile } from "../../src/engine/encoders/weights";
import { tensorSourceOf } from "../../src/common/formats/tensorSource";
import { builtInOnly } from "../../src/engine/encoders/modelSources";
import type { ReadFile } from "../../src/common/formats/readFile";
import { spatialScore } from "../../src/engine/metrics/spatialScore";
import { vitTokens } from "../../src/engine/models/vit";
import type { ParamMap } from "../../src/engine/nn/params";
import { EMOJI_DIR } from "./runtime";
import { centredUnit, cosines, featuresOf, pixelFeatures, type Features } from "./features";

const NEIGHBOURS = 20;
const TEMPERATURE = 0.07;
const TOP = 5;
const GRID = 8;
/** Sides of the squares pixels are averaged over for the controls, px. */
const PIXEL_BOXES = [8, 2, 1];
const CONTROLS: readonly EncoderId[] = ["tiny-vit-untrained", "patch-histogram"];

type LabelOf = (image: number) => number;

/** Finer labels than the data set's nine, for measuring only. */
export async function readSubcategories(data: InMemoryDataset): Promise<LabelOf> {
  const Index = z.object({ concepts: z.array(z.object({ subcategory: z.int() })) });
  const { concepts } = Index.parse(
    JSON.parse(await readFile(join(EMOJI_DIR, "emoji.json"), "utf8")),
  );
  return (image) => concepts[data.groupOf(image)]?.subcategory ?? -1;
}

/** Share of queries whose own concept is the nearest, and among the 5 nearest, of the other style's images. */
async function retrieval(features: Features, data: InMemoryDataset, from: number) {
  const heldOut = Array.from(data.heldOutIndices);
  const queries = heldOut.filter((image) => data.styleOf?.(image) === from);
  const bank = heldOut.filter((image) => data.styleOf?.(image) !== from);
  const rows = await cosines(features, queries, bank);
  let [top1, top5] = [0, 0];
  rows.forEach((row, i) => {
    const own = bank.findIndex((image) => data.groupOf(image) === data.groupOf(queries[i] ?? -1));
    const nearer = row.filter((value) => value > (row[own] ?? NaN)).length;
    if (nearer === 0) top1++;
    if (nearer < TOP) top5++;
  });
  return { top1: top1 / queries.length, top5: top5 / queries.length };
}

/** The label with the most votes of the nearest 20, each weighing exp(cosine / 0.07). @source DINO eval_knn.py */
function vote(row: Float32Array, labels: readonly number[]): number {
  const nearest = Array.from(row.keys())
    .sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0) || a - b)
    .slice(0, NEIGHBOURS);
  const votes = new Map<number, number>();
  for (const i of nearest) {
    const label = labels[i] ?? -1;
    votes.set(label, (votes.get(label) ?? 0) + Math.exp((row[i] ?? 0) / TEMPERATURE));
  }
  return [...votes].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

/** Share of held-out images whose label the training images' neighbours vote for. */
async function knnAccuracies(
  features: Features,
  data: InMemoryDataset,
  labelings: readonly LabelOf[],
) {
  const [queries, bank] = [Array.from(data.heldOutIndices), Array.from(data.trainIndices)];
  const rows = await cosines(features, queries, bank);
  return labelings.map((labelOf) => {
    const labels = bank.map(labelOf);
    const hits = rows.filter((row, i) => vote(row, labels) === labelOf(queries[i] ?? -1)).length;
    return hits / queries.length;
  });
}

const percent = (share: number) => Math.round(share * 1000) / 10;

/** Tokens (or pixels) averaged over the picture: where things are is lost. */
function pooled({ values, width }: Features, tokenWidth: number): Features {
  const tokens = width / tokenWidth;
  const out = new Float32Array(values.length / tokens);
  values.forEach((value, i) => {
    const to = Math.floor(i / width) * tokenWidth + (i % tokenWidth);
    out[to] = (out[to] ?? 0) + value / tokens;
  });
  return { values: out, width: tokenWidth };
}

async function measured(raw: Features, data: InMemoryDataset, subcategoryOf: LabelOf) {
  const features = centredUnit(raw, data.trainIndices);
  const toOther = await retrieval(features, data, 0);
  const back = await retrieval(features, data, 1);
  const [category = NaN, subcategory = NaN] = await knnAccuracies(features, data, [
    data.labelOf,
    subcategoryOf,
  ]);
  return {
    top1: percent((toOther.top1 + back.top1) / 2),
    top5: percent((toOther.top5 + back.top5) / 2),
    category: percent(category),
    subcategory: percent(subcategory),
  };
}

/** All tokens of an image side by side, and the width of one. */
interface TokenFeatures {
  readonly features: Features;
  readonly tokenWidth: number;
}

/** iREPA's score of the held-out images; none where features are pixels. */
function spatialFigure(
  { features: { values, width }, tokenWidth }: TokenFeatures,
  data: InMemoryDataset,
) {
  const grid = Math.sqrt(width / tokenWidth);
  if (grid !== GRID) return {};
  const images = Array.from(data.heldOutIndices);
  const tokens = new Float32Array(images.length * width);
  images.forEach((image, row) => {
    tokens.set(values.subarray(image * width, (image + 1) * width), row * width);
  });
  return { spatial: Math.round(spatialScore(tokens, grid, tokenWidth).score * 1000) / 1000 };
}

async function figuresOf(
  { features, tokenWidth }: TokenFeatures,
  data: InMemoryDataset,
  subcategoryOf: LabelOf,
) {
  const mean = await measured(pooled(features, tokenWidth), data, subcategoryOf);
  const placed = await measured(features, data, subcategoryOf);
  return {
    meanTop1: mean.top1,
    meanTop5: mean.top5,
    meanKnnCategory: mean.category,
    meanKnnSubcategory: mean.subcategory,
    placedTop1: placed.top1,
    placedTop5: placed.top5,
    placedKnnCategory: placed.category,
    placedKnnSubcategory: placed.subcategory,
    ...spatialFigure({ features, tokenWidth }, data),
  };
}

/** Tokens by weights at hand, in the shape of TINY_VIT. */
async function tokensOf(data: InMemoryDataset, params: ParamMap): Promise<TokenFeatures> {
  const features = await featuresOf(data, (images) =>
    tf.reshape(vitTokens(params, TINY_VIT, images), [images.shape[0], -1]),
  );
  return { features, tokenWidth: TINY_VIT.width };
}

/** The figures of weights at hand, in the shape of TINY_VIT. */
export async function measureParams(
  data: InMemoryDataset,
  subcategoryOf: LabelOf,
  params: ParamMap,
) {
  return figuresOf(await tokensOf(data, params), data, subcategoryOf);
}

async function encoderFeatures(
  data: InMemoryDataset,
  id: EncoderId,
  readModel: ReadFile,
): Promise<TokenFeatures> {
  const encoder = await loadEncoder(id, builtInOnly(readModel));
  const features = await featuresOf(data, (images) =>
    tf.reshape(encoder.encode(images, GRID), [images.shape[0], -1]),
  );
  encoder.dispose();
  return { features, tokenWidth: encoder.width };
}

/** The weights of a card's own file, float16 as committed. */
async function committedFeatures(
  data: InMemoryDataset,
  card: EncoderCard,
  readModel: ReadFile,
): Promise<TokenFeatures> {
  const bytes = await readWeightsFile(readModel, card);
  const params = await loadVitParams(tensorSourceOf(card.file, bytes), card.config);
  const features = await tokensOf(data, params);
  tf.dispose(Object.values(params));
  return features;
}

/** The encoder's figures on held-out concepts beside its controls, from the files as committed. */
export async function measureEncoder(
  data: InMemoryDataset,
  subcategoryOf: LabelOf,
  card: EncoderCard,
  readModel: ReadFile,
): Promise<QualityTable> {
  const sources: [string, () => Promise<TokenFeatures>][] = [
    [card.label, () => committedFeatures(data, card, readModel)],
    ...CONTROLS.map((id): [string, () => Promise<TokenFeatures>] => [
      encoderRow(id).label,
      () => encoderFeatures(data, id, readModel),
    ]),
    ...PIXEL_BOXES.map((box): [string, () => Promise<TokenFeatures>] => [
      `Pixels, ${data.resolution / box} x ${data.resolution / box}`,
      async () => ({ features: await pixelFeatures(data, box), tokenWidth: 3 }),
    ]),
  ];
  const rows: QualityTable["rows"] = [];
  for (const [name, features] of sources) {
    rows.push({ name, figures: await figuresOf(await features(), data, subcategoryOf) });
  }
  const concepts = data.heldOutIndices.length / 2;
  const across = `cosine less the training images' mean, among the ${concepts} held-out concepts of the other style, mean of both directions, %`;
  const knn = `weighted k-NN, k ${NEIGHBOURS}, temperature ${TEMPERATURE}; bank: all training images, both styles; queries: all held-out images; %`;
  const measures: Record<string, string> = {};
  for (const [kind, what] of [
    ["mean", "tokens averaged over the picture (pixels: its mean colour)"],
    ["placed", "all tokens in their places, as REPA aligns them (pixels: all pixels)"],
  ] as const) {
    measures[`${kind}Top1`] = `cross-style retrieval, own concept nearest; ${what}; ${across}`;
    measures[`${kind}Top5`] = `the same, own concept among the 5 nearest; ${what}`;
    measures[`${kind}KnnCategory`] = `nine categories; ${what}; ${knn}`;
    measures[`${kind}KnnSubcategory`] = `Unicode subcategories; ${what}; ${knn}`;
  }
  measures.spatial = `mean cosine of tokens beside each other less that of tokens six or more apart (rows plus columns), held-out images; iREPA's spatial score (arXiv:2512.10794); none for the pixels of more than ${GRID} x ${GRID} squares`;
  return {
    measuredOn: `${concepts} held-out concepts, ${data.heldOutIndices.length} images; ${data.trainIndices.length} training images`,
    measures,
    rows,
  };
}
