import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { TINY_VIT } from "../../src/common/catalogue/encoders";
import type { InMemoryDataset } from "./inMemory";
import { randomPermutation } from "../../src/common/math/rng";
import { initVit } from "../../src/engine/models/vitInit";
import { geluTanh } from "../../src/engine/nn/activations";
import { linear } from "../../src/engine/nn/linear";
import type { ParamMap } from "../../src/engine/nn/params";
import { patchify } from "../../src/engine/nn/patchEmbed";
import { drawViews, renderViews } from "./augment";
import { batchNorm, ntXent } from "./contrast";
import { imagesByConcept, pairBatch } from "./pairs";
import { addLinear, someTokens } from "./someTokens";
import { phaseAt, type Phase } from "./phases";
import type { Recipe } from "./trainer";

const CONCEPTS = 48;
const LOCAL_WEIGHT = 0.5;

/** Far views of few tokens first, then near ones, whose finer differences count. */
const STRONG = { area: [0.35, 1.2], stretch: 0.2, degrees: 15, colour: 1, grey: 0.125 } as const;
const MILD = { area: [0.65, 1.15], stretch: 0.1, degrees: 8, colour: 0.5, grey: 0.05 } as const;
const PHASES: readonly Phase[] = [
  { until: 0.5, views: STRONG, tokens: 32, crossStyle: 0.8, temperature: 0.15 },
  { until: 0.85, views: MILD, tokens: 48, crossStyle: 1, temperature: 0.1 },
];
const LAST_PHASE: Phase = { until: 1, views: MILD, tokens: 64, crossStyle: 1, temperature: 0.1 };

const HEAD = { scope: "head", hidden: 256, out: 64 } as const;
const LOCAL = "local";

export const ENCODER_BATCH = `${CONCEPTS} concepts, two views each`;
export const ENCODER_OBJECTIVE = `NT-Xent between the mean tokens of two views of a concept (mostly its two drawing styles) through a two-layer head with batch norm, τ 0.15 with strong views in the first half, 0.1 with mild ones after; + ${LOCAL_WEIGHT} squared error of each token's own patch through a linear map. Head and map are thrown away. No label is used.`;

function initialParams(seed: number): ParamMap {
  const { width, patch } = TINY_VIT;
  const params: Record<string, Tensor> = { ...initVit(TINY_VIT, seed) };
  addLinear(params, `${HEAD.scope}.0`, [width, HEAD.hidden], seed);
  addLinear(params, `${HEAD.scope}.2`, [HEAD.hidden, HEAD.out], seed);
  addLinear(params, LOCAL, [width, patch * patch * 3], seed);
  return params;
}

/** The encoder's own parameters, without what only training needs. */
export const withoutHeads = (params: ParamMap): ParamMap =>
  Object.fromEntries(
    Object.entries(params).filter(
      ([name]) => !name.startsWith(`${HEAD.scope}.`) && !name.startsWith(`${LOCAL}.`),
    ),
  );

const projected = (params: ParamMap, pooled: Tensor2D): Tensor2D => {
  const hidden = linear(params, `${HEAD.scope}.0`, batchNorm(pooled));
  return linear(params, `${HEAD.scope}.2`, geluTanh(batchNorm(hidden)));
};

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
      const phase = phaseAt(PHASES, LAST_PHASE, step / steps);
      const pairs = pairBatch(
        concepts,
        { count: CONCEPTS, crossStyle: phase.crossStyle },
        { seed, step },
      );
      const drawn = drawViews(2 * CONCEPTS, phase.views, { seed, step });
      const views = renderViews(data, pairs, drawn);
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
