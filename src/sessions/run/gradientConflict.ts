import {
  conflictByBlock,
  jointConflict,
  type GradientConflict,
  type GradientProducts,
} from "../../engine/metrics/gradientConflict";
import type { ParamMap } from "../../engine/nn/params";
import type { GroupConflict, GradientConflict as Measured } from "../../common/protocol/trainer";
import { lossGradientProducts } from "../../engine/training/lossGradients";
import { disposeBatch, sliceBatch, type TrainBatch } from "../../engine/training/trainBatch";
import type { StepOptions } from "../../engine/training/trainStep";

const isEmbedder = (name: string) => /^[xty]_embedder\./.test(name);

const withoutTap = ({ velocityNorm }: GradientConflict): GroupConflict => ({
  cosine: null,
  velocityNorm,
  alignmentNorm: null,
});
const atTap = ({ cosine, velocityNorm, alignmentNorm }: GradientConflict): GroupConflict => ({
  cosine: cosine ?? null,
  velocityNorm,
  alignmentNorm,
});

/** The conflict of the two losses' gradients on a step's batch, or on its first micro-batch where it has some. */
export async function gradientConflictAt(
  params: ParamMap,
  batch: TrainBatch,
  options: StepOptions,
): Promise<Pick<Measured, "imageCount" | "batchSize" | "blocks" | "embedders">> {
  const batchSize = batch.labels.length;
  const imageCount = options.microBatch ?? batchSize;
  const part = sliceBatch(batch, 0, imageCount);
  const { names, products } = lossGradientProducts(params, part, options);
  disposeBatch(part);
  const values = await products.data<"float32">().finally(() => products.dispose());
  const byName = names.map((name, i): readonly [string, GradientProducts] => {
    const [dot = NaN, velocitySquares = NaN, alignmentSquares = NaN] = values.subarray(3 * i);
    return [name, { dot, velocitySquares, alignmentSquares }];
  });
  const { encoderDepth } = options.alignment;
  return {
    imageCount,
    batchSize,
    blocks: conflictByBlock(byName).map((found, i) =>
      i < encoderDepth ? atTap(found) : withoutTap(found),
    ),
    embedders: atTap(
      jointConflict(byName.filter(([name]) => isEmbedder(name)).map(([, found]) => found)),
    ),
  };
}
