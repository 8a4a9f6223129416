import { randomPermutation } from "../../common/math/rng";
import { linearCkaWork } from "./cka";
import { cknnaOfNeighbours } from "./cknna";
import { l2NormaliseRows, shapeMismatch, type Matrix } from "./matrix";
import { sharedShare } from "./mutualKnn";
import { featureNeighbours, reorderNeighbours } from "./neighbours";
import { finish, piece, type Work } from "./work";

/** Permutations averaged for the chance level. */
const CHANCE_DRAWS = 4;

/** In the shape of the protocol's LayerAlignment; arrays by layer. */
export interface LayerScores {
  readonly imageCount: number;
  readonly k: number;
  readonly cknna: readonly number[];
  readonly cka: readonly number[];
  readonly mutualKnn: readonly number[];
  readonly chance: number;
}

export interface LayerAlignmentOptions {
  readonly k: number;
  readonly seed: number;
}

/**
 * Agreement of every layer [N, D_l] with one target [N, Z]: l2-normalised, not clipped, linear kernel,
 * unbiased CKNNA and CKA. Rows are the same images, averaged over tokens on both sides. No kernel is held:
 * memory is that of the features, work N² D a matrix.
 *
 * `chance` is the last layer's CKNNA with the target's rows permuted: what N and k alone give.
 *
 * @throws StudioError SHAPE_MISMATCH when row counts differ; OUT_OF_RANGE when k > N - 1 or N < 4
 */
export function* layerAlignmentWork(
  layers: readonly Matrix[],
  target: Matrix,
  { k, seed }: LayerAlignmentOptions,
): Work<LayerScores> {
  const n = target.rows;
  const other = layers.find(({ rows }) => rows !== n);
  if (other) {
    throw shapeMismatch(
      `A layer of ${other.rows} images cannot be compared with a target of ${n}: rows must be the same images.`,
    );
  }
  const pieces = 2 * layers.length + 1;
  const normalised = l2NormaliseRows(target);
  const teacher = yield* piece(featureNeighbours(normalised, k, false), 0, pieces);
  const scores: Record<"cknna" | "cka" | "mutualKnn", number[]> = {
    cknna: [],
    cka: [],
    mutualKnn: [],
  };
  let last = teacher;
  for (const [at, layer] of layers.entries()) {
    const features = l2NormaliseRows(layer);
    last = yield* piece(featureNeighbours(features, k, false), 2 * at + 1, pieces);
    scores.cknna.push(cknnaOfNeighbours(last, teacher).cknna);
    scores.cka.push(yield* piece(linearCkaWork(features, normalised), 2 * at + 2, pieces));
    scores.mutualKnn.push(sharedShare(last, teacher));
  }
  let chance = 0;
  for (let index = 0; index < CHANCE_DRAWS; index++) {
    const order = randomPermutation({ seed, stream: "metrics/chance", index }, n);
    chance += cknnaOfNeighbours(last, reorderNeighbours(teacher, order)).cknna / CHANCE_DRAWS;
  }
  return { imageCount: n, k, ...scores, chance };
}

/** `layerAlignmentWork` without a pause. */
export const layerAlignment = (
  layers: readonly Matrix[],
  target: Matrix,
  options: LayerAlignmentOptions,
): LayerScores => finish(layerAlignmentWork(layers, target, options));
