import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { TINY_VIT } from "../../src/common/catalogue/encoders";
import { randomPermutation } from "../../src/common/math/rng";
import { initVit } from "../../src/engine/models/vitInit";
import { linear } from "../../src/engine/nn/linear";
import type { ParamMap } from "../../src/engine/nn/params";
import { patchify } from "../../src/engine/nn/patchEmbed";
import { drawViews, renderViews } from "./augment";
import { centred, ntXent, tokenContrast } from "./contrast";
import type { InMemoryDataset } from "./inMemory";
import { imagesByConcept, pairBatch } from "./pairs";
import { matchTable, sharedTokens } from "./sharedTokens";
import { addLinear, someTokens } from "./someTokens";
import { phaseAt, type Phase } from "./phases";
import type { Recipe } from "./trainer";

/** What weighs how much in the loss of the second encoder. */
export interface TokenObjective {
  /** Contrast of pictures by their averaged tokens. */
  readonly averaged: number;
  /** Contrast of pictures by the averages of their quarters, side by side: what is where counts. */
  readonly quarters: number;
  /** Contrast of the tokens of a pair by the place they show. */
  readonly places: number;
  /** Squared error of each token's own patch through a linear map. */
  readonly local: number;
}

export const TOKEN_OBJECTIVE: TokenObjective = {
  averaged: 1,
  quarters: 0.5,
  places: 0.25,
  local: 0.25,
};

const CONCEPTS = 64;
const PLACE_TEMPERATURE = 0.2;
/** Of the published weights: an average over some 200 steps. */
const AVERAGING = 0.995;
/** Variance of a patch, in [-1, 1]², below which it is empty paper: it shows no place of its own. */
const EMPTY = 1e-3;
const LOCAL = "local";

/** Far views of half the tokens first, then near ones, at the end of all tokens, as in use. */
const STRONG = { area: [0.4, 1.2], stretch: 0.2, degrees: 15, colour: 1, grey: 0.125 } as const;
const MILD = { area: [0.7, 1.15], stretch: 0.1, degrees: 8, colour: 0.5, grey: 0.05 } as const;
const PHASES: readonly Phase[] = [
  { until: 0.6, views: STRONG, tokens: 32, crossStyle: 0.9, temperature: 0.15 },
  { until: 0.9, views: MILD, tokens: 32, crossStyle: 1, temperature: 0.1 },
];
const LAST_PHASE: Phase = { until: 1, views: MILD, tokens: 64, crossStyle: 1, temperature: 0.1 };

export const TOKEN_ENCODER_BATCH = `${CONCEPTS} concepts, two views each`;
export const TOKEN_ENCODER_OBJECTIVE = `NT-Xent between two views of a concept (mostly its two drawing styles), τ 0.15 with strong views up to 0.6 of the steps, 0.1 with mild ones after: of their mean tokens (weight ${TOKEN_OBJECTIVE.averaged}) and of the means of their quarters side by side (${TOKEN_OBJECTIVE.quarters}), both less the batch's mean, without a head; + ${TOKEN_OBJECTIVE.places} contrast of the tokens that show one place, τ ${PLACE_TEMPERATURE}; + ${TOKEN_OBJECTIVE.local} squared error of each token's own patch through a linear map, which is thrown away. Published: the exponential average of the weights, ${AVERAGING}. No label is used.`;

function initialParams(seed: number): ParamMap {
  const { width, patch } = TINY_VIT;
  const params: Record<string, Tensor> = { ...initVit(TINY_VIT, seed) };
  addLinear(params, LOCAL, [width, patch * patch * 3], seed);
  return params;
}

/** The encoder's own parameters, without the map that only training needs. */
export const withoutLocalMap = (params: ParamMap): ParamMap =>
  Object.fromEntries(Object.entries(params).filter(([name]) => !name.startsWith(`${LOCAL}.`)));

/** For each quarter of the picture, the weights that average the kept tokens in it: [4, K]. An empty quarter is zero. */
function quarterWeights(kept: readonly number[]): Tensor2D {
  const { grid } = TINY_VIT;
  const half = (at: number) => (at < grid / 2 ? 0 : 1);
  const quarterOf = kept.map((token) => 2 * half(Math.floor(token / grid)) + half(token % grid));
  const rows = [0, 1, 2, 3].map((quarter) => {
    const count = quarterOf.filter((other) => other === quarter).length;
    return quarterOf.map((other) => (other === quarter ? 1 / count : 0));
  });
  return tf.tensor2d(rows);
}

/** Means of the quarters side by side: tokens [N, K, D] -> [N, 4D]. */
function quarterMeans(tokens: Tensor3D, kept: readonly number[]): Tensor2D {
  const [count, , width] = tokens.shape;
  const weights = tf.tile(tf.expandDims(quarterWeights(kept), 0), [count, 1, 1]);
  return tf.reshape(tf.matMul(weights, tokens), [count, 4 * width]);
}

/** 1 for each patch [N, K, 192] with something on it, else 0: [N, K, 1]. */
const drawnOn = (patches: Tensor3D): Tensor3D =>
  tf.cast<Tensor3D>(tf.greater(tf.moments(patches, 2, true).variance, EMPTY), "float32");

/**
 * The second encoder's training: the same network as the first, on what its tokens are used for. Where the first contrasts
 * pictures through a head that is thrown away, here the tokens themselves are drawn together.
 */
export function tokenEncoderRecipe(
  data: InMemoryDataset,
  steps: number,
  seed: number,
  weights: TokenObjective = TOKEN_OBJECTIVE,
): Recipe {
  const concepts = imagesByConcept(data);
  const side = data.resolution;
  const { grid, patch } = TINY_VIT;
  return {
    name: "tiny-vit-2",
    steps,
    peakLearningRate: 1e-3,
    warmupSteps: 50,
    weightDecay: 0.05,
    averaging: AVERAGING,
    initialParams: () => initialParams(seed),
    loss: (params, step) => {
      const {
        tokens: count,
        crossStyle,
        temperature,
        views,
      } = phaseAt(PHASES, LAST_PHASE, step / steps);
      const pairs = pairBatch(concepts, { count: CONCEPTS, crossStyle }, { seed, step });
      const drawn = drawViews(2 * CONCEPTS, views, { seed, step });
      const images = renderViews(data, pairs, drawn);
      const patches = patchify(tf.tensor4d(images, [2 * CONCEPTS, side, side, 3]), patch);
      const view = (which: 0 | 1) => {
        const key = { seed, stream: "pretrain/tokens", index: 2 * step + which };
        const chosen = Array.from(randomPermutation(key, grid ** 2).subarray(0, count));
        const kept = chosen.sort((a, b) => a - b);
        const part = tf.slice(patches, [which * CONCEPTS, 0, 0], [CONCEPTS, -1, -1]);
        return { kept, ...someTokens(params, part, kept) };
      };
      const [a, b] = [view(0), view(1)];
      const both = (of: (part: typeof a) => Tensor2D): Tensor2D =>
        centred(tf.concat([of(a), of(b)]));
      const averaged = ntXent(
        both(({ tokens }) => tf.mean(tokens, 1)),
        temperature,
      );
      const quarters = ntXent(
        both(({ tokens, kept }) => quarterMeans(tokens, kept)),
        temperature,
      );
      const shared = pairs.first.map((_, i) => {
        const [first, second] = [drawn[i], drawn[CONCEPTS + i]];
        return first && second ? sharedTokens(first, second, grid) : [];
      });
      const table = matchTable(shared, a.kept, b.kept);
      const matches = tf.tensor3d(table, [CONCEPTS, a.kept.length, b.kept.length]);
      const places = tokenContrast(
        a.tokens,
        b.tokens,
        tf.mul(matches, drawnOn(a.seen)),
        PLACE_TEMPERATURE,
      );
      const error = ({ tokens, seen }: typeof a) =>
        tf.mean(tf.square(tf.sub(linear(params, LOCAL, tokens), seen)));
      const local = tf.mul<Scalar>(tf.add(error(a), error(b)), 0.5);
      const total = tf.addN<Scalar>([
        tf.mul<Scalar>(averaged.loss, weights.averaged),
        tf.mul<Scalar>(quarters.loss, weights.quarters),
        tf.mul<Scalar>(places.loss, weights.places),
        tf.mul<Scalar>(local, weights.local),
      ]);
      return {
        total,
        parts: {
          averaged: averaged.loss,
          averagedTop1: averaged.top1,
          quarters: quarters.loss,
          quartersTop1: quarters.top1,
          places: places.loss,
          placesTop1: places.top1,
          local,
        },
      };
    },
  };
}
