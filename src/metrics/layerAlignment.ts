import { randomPermutation } from "../math/rng";
import { cka } from "./cka";
import { cknna } from "./cknna";
import { linearKernel } from "./kernels";
import { l2NormaliseRows, takeRows, type Matrix } from "./matrix";
import { mutualKnn } from "./mutualKnn";

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

/**
 * Agreement of every layer [N, D_l] with one target [N, Z]: l2-normalised, not clipped, linear kernel,
 * unbiased CKNNA and CKA. Rows are the same images, averaged over tokens on both sides.
 *
 * `chance` is the last layer's CKNNA with the target's rows permuted: what N and k alone give.
 *
 * @throws StudioError SHAPE_MISMATCH when row counts differ; OUT_OF_RANGE when k > N - 1 or N < 4
 */
export function layerAlignment(
  layers: readonly Matrix[],
  target: Matrix,
  { k, seed }: { readonly k: number; readonly seed: number },
): LayerScores {
  const normalised = l2NormaliseRows(target);
  const targetKernel = linearKernel(normalised);
  const kernels = layers.map((layer) => linearKernel(l2NormaliseRows(layer)));
  const last = kernels.at(-1) ?? targetKernel;
  let chance = 0;
  for (let index = 0; index < CHANCE_DRAWS; index++) {
    const order = randomPermutation({ seed, stream: "metrics/chance", index }, target.rows);
    chance += cknna(last, linearKernel(takeRows(normalised, order)), { k }) / CHANCE_DRAWS;
  }
  return {
    imageCount: target.rows,
    k,
    cknna: kernels.map((kernel) => cknna(kernel, targetKernel, { k })),
    cka: kernels.map((kernel) => cka(kernel, targetKernel)),
    mutualKnn: kernels.map((kernel) => mutualKnn(kernel, targetKernel, k)),
    chance,
  };
}
