import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import { CosineLoss, CosineLossGrad } from "../kernels/cosineLossOp";
import { run } from "../kernels/operation";
import { customOp } from "../nn/customOp";

/** torch.nn.functional.normalize's floor of a norm. */
const NORM_FLOOR = 1e-12;

export type AlignmentObjective = "cosine" | "ntxent";

/**
 * Rows to unit length: [N, Z] -> [N, Z], a / max(|a|, 1e-12). One operation, because the gradient of a square root is
 * not finite at a zero row.
 */
export const normalizeRows = (rows: Tensor2D): Tensor2D =>
  customOp({
    inputs: { rows },
    forward: (given) => {
      const norm = tf.sqrt(tf.sum(tf.square(given.rows), 1, true)); // [N, 1]
      const inverse: Tensor2D = tf.reciprocal(tf.maximum(norm, NORM_FLOOR));
      const unit: Tensor2D = tf.mul(given.rows, inverse);
      return { value: unit, saved: { unit, inverse } };
    },
    backward: (dy, { unit, inverse }) => {
      const along = tf.sum(tf.mul(dy, unit), 1, true); // [N, 1]
      return { rows: tf.mul(inverse, tf.sub(dy, tf.mul(unit, along))) };
    },
  });

function rowsOf(features: Tensor3D, projected: Tensor3D): { z: Tensor2D; zTilde: Tensor2D } {
  if (features.shape.join() !== projected.shape.join()) {
    throw new StudioError(
      "SHAPE_MISMATCH",
      `Encoder features [${features.shape.join(", ")}] and projected tokens [${projected.shape.join(", ")}] differ.`,
      "The feature cache belongs to another encoder or token grid: delete it and prepare the data again.",
    );
  }
  const width = features.shape[2];
  return {
    z: normalizeRows(tf.reshape(features, [-1, width])), // [B T, Z]
    zTilde: normalizeRows(tf.reshape(projected, [-1, width])),
  };
}

/**
 * -cos(y*, h_phi(h)), mean over tokens, a sample: features and projected tokens [B, T, Z] -> [B].
 * @source REPA (arXiv:2410.06940) Eq. 8; sihyun-yu/REPA loss.py, proj_loss
 */
export function cosineLossPerSample(features: Tensor3D, projected: Tensor3D): Tensor1D {
  const [batch, tokens] = features.shape;
  const { z, zTilde } = rowsOf(features, projected);
  const cosine = tf.sum(tf.mul(z, zTilde), 1); // [B T]
  return tf.neg(tf.mean(tf.reshape(cosine, [batch, tokens]), 1));
}

/** Mean over samples and tokens of -cos(y*, h_phi(h)), one operation. Features get no gradient. */
const cosineLoss = (features: Tensor3D, projected: Tensor3D): Scalar =>
  customOp({
    inputs: { projected },
    constants: { features },
    forward: (given) => {
      const { loss, stats } = run(CosineLoss, given, {});
      return { value: loss, saved: { ...given, stats } };
    },
    backward: (dLoss, saved) => ({
      projected: run(CosineLossGrad, { dLoss, ...saved }, {}).dProjected,
    }),
  });

/**
 * NT-Xent with projected tokens as anchors and all target tokens of the batch as candidates, one direction:
 * mean_i(-logits[i, i] + logsumexp_j logits[i, j]), logits = Z~ Zᵀ / tau. Targets get no gradient.
 * The paper names the objective but the reference has no code for it: docs/fidelity.md defines it.
 */
export function ntXentLoss(features: Tensor3D, projected: Tensor3D, temperature: number): Scalar {
  const { z, zTilde } = rowsOf(features, projected);
  return customOp({
    inputs: { anchors: zTilde },
    constants: { candidates: z },
    forward: ({ anchors, candidates }) => {
      const [count] = candidates.shape;
      const logits = tf.mul(tf.matMul(anchors, candidates, false, true), 1 / temperature); // [N, N]
      const lse: Tensor1D = tf.logSumExp(logits, 1);
      const positive = tf.mul(tf.sum(tf.mul(anchors, candidates), 1), 1 / temperature);
      const softmax = tf.exp(tf.sub(logits, tf.reshape(lse, [count, 1])));
      const direction: Tensor2D = tf.sub(tf.matMul(softmax, candidates), candidates);
      const value: Scalar = tf.mean(tf.sub(lse, positive));
      return { value, saved: { direction } };
    },
    backward: (dLoss, { direction }) => ({
      anchors: tf.mul(tf.mul(direction, 1 / (temperature * direction.shape[0])), dLoss),
    }),
  });
}

export interface AlignmentPair {
  /** The encoder's patch tokens, [B, T, Z]: a constant. */
  readonly features: Tensor3D;
  /** The projector's output, [B, T, Z]. */
  readonly projected: Tensor3D;
}

/**
 * The alignment loss: a mean over encoders, not a sum (as the reference divides by their number).
 * @param pairs one for each active encoder, at least one
 */
export function alignmentLoss(
  pairs: readonly AlignmentPair[],
  objective: AlignmentObjective,
  temperature: number,
): Scalar {
  const lossOf = ({ features, projected }: AlignmentPair): Scalar => {
    switch (objective) {
      case "cosine":
        return cosineLoss(features, projected);
      case "ntxent":
        return ntXentLoss(features, projected, temperature);
    }
  };
  const losses = pairs.map(lossOf);
  const [first, ...others] = losses;
  if (!first) return tf.scalar(0);
  if (others.length === 0) return first;
  return tf.div(
    others.reduce((total, loss) => tf.add(total, loss), first),
    pairs.length,
  );
}
