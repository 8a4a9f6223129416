import { projectorScope } from "../models/projector";
import type { TrainState } from "./trainState";
import type { StepOptions } from "./trainStep";

/** What the update's kernels read besides the flat buffers, in their order. */
export interface UpdateNumbers {
  /** [segments, 4]: rate, eps, keep, active. */
  readonly segments: Float32Array;
  /** [8]: 1 - beta1, beta2, 1 - beta2, 1 - emaDecay, maxGradNorm, gradient scale, and two unused. */
  readonly hyper: Float32Array;
}

/**
 * The numbers of one update. A segment's bias corrections follow its own count of updates: a projector that joined
 * late or was inactive has fewer than the run, as in torch.
 * @param counts after this update
 */
export function updateNumbers(
  segments: readonly string[],
  { adamW, alignment, maxGradNorm, emaDecay }: StepOptions,
  { step, projectorSteps }: Pick<TrainState, "step" | "projectorSteps">,
): UpdateNumbers {
  const { learningRate, beta1, beta2, eps, weightDecay } = adamW;
  const activeProjectors = new Set(alignment.projectors.map(projectorScope));
  const rows = segments.map((segment) => {
    const active = segment === "model" || activeProjectors.has(segment);
    if (!active) return [0, 0, 1, 0];
    const update = projectorSteps[segment] ?? step;
    const rootCorrection = Math.sqrt(1 - beta2 ** update);
    const rate = (learningRate * rootCorrection) / (1 - beta1 ** update);
    return [rate, eps * rootCorrection, 1 - learningRate * weightDecay, 1];
  });
  return {
    segments: Float32Array.from(rows.flat()),
    hyper: Float32Array.of(1 - beta1, beta2, 1 - beta2, 1 - emaDecay, maxGradNorm, 1, 0, 0),
  };
}
