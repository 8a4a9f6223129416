import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { TINY_VIT } from "../../src/common/catalogue/encoders";
import type { InMemoryDataset } from "./inMemory";
import { randomPermutation, randomUniform } from "../../src/common/math/rng";
import { vitTrunk } from "../../src/engine/models/vit";
import { initVit } from "../../src/engine/models/vitInit";
import { geluTanh } from "../../src/engine/nn/activations";
import { xavierUniform } from "../../src/engine/nn/init";
import { linear } from "../../src/engine/nn/linear";
import type { ParamMap } from "../../src/engine/nn/params";
import { patchify } from "../../src/engine/nn/patchEmbed";
import { augmentedViews, type PairedImages, type ViewStrength } from "./augment";
import type { Recipe } from "./trainer";

const CONCEPTS = 48;
const LOCAL_WEIGHT = 0.5;
/** What the views are like up to a share of the training. */
interface Phase {
  readonly until: number;
  readonly views: ViewStrength;
  /** Tokens a view keeps: another random part for each of the two. All are kept at the end, as in use. */
  readonly tokens: number;
  /** Share of the pairs that are the two drawing styles of a concept; the others are views of one drawing. */
  readonly crossStyle: number;
  readonly temperature: number;
}

/** Far views of few tokens first, then near ones, whose finer differences count. */
const STRONG = { area: [0.35, 1.2], stretch: 0.2, degrees: 15, colour: 1, grey: 0.125 } as const;
const MILD = { area: [0.65, 1.15], stretch: 0.1, degrees: 8, colour: 0.5, grey: 0.05 } as const;
const PHASES: readonly Phase[] = [
  { until: 0.5, views: STRONG, tokens: 32, crossStyle: 0.8, temperature: 0.15 },
  { until: 0.85, views: MILD, tokens: 48, crossStyle: 1, temperature: 0.1 },
];
const LAST_PHASE: Phase = { until: 1, views: MILD, tokens: 64, crossStyle: 1, temperature: 0.1 };
const phaseAt = (share: number): Phase => PHASES.find(({ until }) => share < until) ?? LAST_PHASE;

const HEAD = { scope: "head", hidden: 256, out: 64 } as const;
const LOCAL = "local";

export const ENCODER_BATCH = `${CONCEPTS} concepts, two views each`;
export const ENCODER_OBJECTIVE = `NT-Xent between the mean tokens of two views of a concept (mostly its two drawing styles) through a two-layer head with batch norm, τ 0.15 with strong views in the first half, 0.1 with mild ones after; + ${LOCAL_WEIGHT} squared error of each token's own patch through a linear map. Head and map are thrown away. No label is used.`;

/** Weights of a linear map drawn from the seed, bias zero. */
function addLinear(
  params: Record<string, Tensor>,
  scope: string,
  inputs: number,
  outputs: number,
  seed: number,
) {
  const values = xavierUniform({ seed, name: scope }, inputs * outputs, inputs, outputs);
  params[`${scope}.weight`] = tf.tensor2d(values, [outputs, inputs]);
  params[`${scope}.bias`] = tf.zeros([outputs]);
}

function initialParams(seed: number): ParamMap {
  const { width, patch } = TINY_VIT;
  const params: Record<string, Tensor> = { ...initVit(TINY_VIT, seed) };
  addLinear(params, `${HEAD.scope}.0`, width, HEAD.hidden, seed);
  addLinear(params, `${HEAD.scope}.2`, HEAD.hidden, HEAD.out, seed);
  addLinear(params, LOCAL, width, patch * patch * 3, seed);
  return params;
}

/** The encoder's own parameters, without what only training needs. */
export const withoutHeads = (params: ParamMap): ParamMap =>
  Object.fromEntries(
    Object.entries(params).filter(
      ([name]) => !name.startsWith(`${HEAD.scope}.`) && !name.startsWith(`${LOCAL}.`),
    ),
  );

/** Training images by concept, in ascending order of concepts. */
function imagesByConcept(data: InMemoryDataset): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>();
  for (const image of data.trainIndices) {
    const group = data.groupOf(image);
    groups.set(group, [...(groups.get(group) ?? []), image]);
  }
  return [...groups.values()];
}

/** The concepts of a step: consecutive parts of each epoch's permutation. */
function pairBatch(
  concepts: readonly (readonly number[])[],
  crossStyle: number,
  { seed, step }: { readonly seed: number; readonly step: number },
): PairedImages {
  const perEpoch = Math.floor(concepts.length / CONCEPTS);
  const epoch = Math.floor(step / perEpoch);
  const order = randomPermutation(
    { seed, stream: "pretrain/concepts", index: epoch },
    concepts.length,
  );
  const from = (step % perEpoch) * CONCEPTS;
  const chosen = Array.from(order.subarray(from, from + CONCEPTS), (at) => concepts[at] ?? []);
  const coins = randomUniform({ seed, stream: "pretrain/styles", index: step }, 2 * CONCEPTS);
  const first = chosen.map(([a = 0, b = a], i) => ((coins[2 * i] ?? 0) < 0.5 ? a : b));
  const second = chosen.map(([a = 0, b = a], i) => {
    const other = first[i] === a ? b : a;
    return (coins[2 * i + 1] ?? 0) < crossStyle ? other : (first[i] ?? a);
  });
  return { first, second };
}

/** One-hot rows [N, depth]. Cast: wasm's kernel writes integers whatever type it is asked for. */
const oneHotRows = (positions: readonly number[], depth: number): Tensor2D =>
  tf.cast(tf.oneHot(tf.tensor1d([...positions], "int32"), depth), "float32") as Tensor2D;

/** NT-Xent of z [2N, K], row i and row i + N being partners; and how often the partner is the nearest. */
function ntXent(z: Tensor2D, temperature: number): { loss: Scalar; top1: Scalar } {
  const count = z.shape[0];
  const norm = tf.sqrt(tf.add(tf.sum(tf.square(z), 1, true), 1e-8));
  const unit = tf.div<Tensor2D>(z, norm);
  const itself = tf.mul(tf.eye(count), -1e9);
  const logits = tf.add(tf.div(tf.matMul(unit, unit, false, true), temperature), itself);
  const partner = Array.from({ length: count }, (_, row) => (row + count / 2) % count);
  const isPartner = oneHotRows(partner, count);
  const positive = tf.sum(tf.mul(logits, isPartner), 1);
  const hit = tf.equal(tf.argMax(logits, 1), tf.tensor1d(partner, "int32"));
  return {
    loss: tf.mean(tf.sub(tf.logSumExp(logits, 1), positive)),
    top1: tf.mean(tf.cast(hit, "float32")),
  };
}

/** Columns to zero mean and unit variance over the batch: without it the first steps only draw all vectors together. */
function batchNorm(x: Tensor2D): Tensor2D {
  const centred = tf.sub(x, tf.mean(x, 0, true));
  return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), 0, true), 1e-5)));
}

const projected = (params: ParamMap, pooled: Tensor2D): Tensor2D => {
  const hidden = linear(params, `${HEAD.scope}.0`, batchNorm(pooled));
  return linear(params, `${HEAD.scope}.2`, geluTanh(batchNorm(hidden)));
};

/** Tokens of the patches at `kept` [K] alone: patches [B, T, 192] -> tokens [B, K, D], and those patches. */
function someTokens(params: ParamMap, patches: Tensor3D, kept: readonly number[]) {
  const { width, grid } = TINY_VIT;
  const index = tf.tensor1d([...kept], "int32");
  const seen = tf.gather(patches, index, 1);
  const weight = tf.reshape(params["patch_embed.proj.weight"] as Tensor, [width, -1]);
  const bias = params["patch_embed.proj.bias"] as Tensor;
  const embedded = linear({ "embed.weight": weight, "embed.bias": bias }, "embed", seen);
  // a product with one-hot rows: the gradient of gather is missing on wasm
  const oneHot = oneHotRows(kept, grid * grid);
  const table: Tensor2D = tf.reshape(params.pos_embed as Tensor, [grid * grid, width]);
  const positions = tf.matMul(oneHot, table);
  return { seen, tokens: vitTrunk(params, TINY_VIT, tf.add<Tensor3D>(embedded, positions)) };
}

export function encoderRecipe(data: InMemoryDataset, steps: number, seed: number): Recipe {
  const concepts = imagesByConcept(data);
  const side = data.resolution;
  const tokenCount = TINY_VIT.grid ** 2;
  return {
    name: "tiny-vit",
    steps,
    peakLearningRate: 1e-3,
    warmupSteps: 50,
    weightDecay: 0.05,
    initialParams: () => initialParams(seed),
    loss: (params, step) => {
      const phase = phaseAt(step / steps);
      const pairs = pairBatch(concepts, phase.crossStyle, { seed, step });
      const views = augmentedViews(data, pairs, phase.views, { seed, step });
      const patches = patchify(tf.tensor4d(views, [2 * CONCEPTS, side, side, 3]), TINY_VIT.patch);
      const sides = [0, 1].map((which) => {
        const key = { seed, stream: "pretrain/tokens", index: 2 * step + which };
        const kept = Array.from(randomPermutation(key, tokenCount).subarray(0, phase.tokens)).sort(
          (a, b) => a - b,
        );
        const part = tf.slice(patches, [which * CONCEPTS, 0, 0], [CONCEPTS, -1, -1]);
        const { seen, tokens } = someTokens(params, part, kept);
        const local = tf.mean(tf.square(tf.sub(linear(params, LOCAL, tokens), seen)));
        return { pooled: tf.mean(tokens, 1), local };
      });
      const pooled = tf.concat(sides.map((part) => part.pooled)) as Tensor2D;
      const { loss, top1 } = ntXent(projected(params, pooled), phase.temperature);
      const local: Scalar = tf.mean(tf.stack(sides.map((part) => part.local)));
      const total = tf.add<Scalar>(loss, tf.mul(local, LOCAL_WEIGHT));
      return { total, parts: { ntxent: loss, top1, local } };
    },
  };
}
