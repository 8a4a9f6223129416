import { shapeMismatch } from "./matrix";

/** Sums over the parameters of one block: all that the angle between two gradients needs. */
export interface GradientProducts {
  readonly dot: number;
  /** |velocity gradient|² */
  readonly velocitySquares: number;
  /** |alignment gradient|² */
  readonly alignmentSquares: number;
}

export interface GradientConflict {
  /**
   * Cosine between -1 (opposite gradients) and 1. Undefined where a gradient is 0, as that of the alignment loss after
   * the aligned block.
   */
  readonly cosine: number | undefined;
  readonly velocityNorm: number;
  readonly alignmentNorm: number;
}

export function gradientConflict(products: GradientProducts): GradientConflict {
  const velocityNorm = Math.sqrt(products.velocitySquares);
  const alignmentNorm = Math.sqrt(products.alignmentSquares);
  const scale = velocityNorm * alignmentNorm;
  return { cosine: scale > 0 ? products.dot / scale : undefined, velocityNorm, alignmentNorm };
}

/** Products of two gradients of one parameter, in float64. @throws StudioError SHAPE_MISMATCH when lengths differ */
export function gradientProducts(
  velocity: ArrayLike<number>,
  alignment: ArrayLike<number>,
): GradientProducts {
  if (velocity.length !== alignment.length) {
    throw shapeMismatch(
      `Gradients of ${velocity.length} and ${alignment.length} values are not of one parameter.`,
    );
  }
  let [dot, velocitySquares, alignmentSquares] = [0, 0, 0];
  for (let i = 0; i < velocity.length; i++) {
    const [v, a] = [velocity[i] ?? 0, alignment[i] ?? 0];
    dot += v * a;
    velocitySquares += v * v;
    alignmentSquares += a * a;
  }
  return { dot, velocitySquares, alignmentSquares };
}

const joined = (a: GradientProducts, b: GradientProducts): GradientProducts => ({
  dot: a.dot + b.dot,
  velocitySquares: a.velocitySquares + b.velocitySquares,
  alignmentSquares: a.alignmentSquares + b.alignmentSquares,
});

/** The conflict of several parameters laid end to end. */
export const jointConflict = (parameters: readonly GradientProducts[]): GradientConflict =>
  gradientConflict(parameters.reduce(joined, { dot: 0, velocitySquares: 0, alignmentSquares: 0 }));

const blockOf = (parameter: string) => /^blocks\.(\d+)\./.exec(parameter)?.[1];

/**
 * The conflict in every transformer block.
 *
 * @param parameters each parameter of the model with its products; those outside blocks are passed over
 * @returns by block, in order, 0-based as in the parameters' names
 */
export function conflictByBlock(
  parameters: Iterable<readonly [name: string, products: GradientProducts]>,
): GradientConflict[] {
  const blocks: GradientProducts[][] = [];
  for (const [name, products] of parameters) {
    const block = blockOf(name);
    if (block !== undefined) (blocks[Number(block)] ??= []).push(products);
  }
  return blocks.map(jointConflict);
}
