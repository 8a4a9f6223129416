import type { Tensor1D } from "@tensorflow/tfjs-core";
import { StudioError } from "../../common/errors/studioError";
import type { StepPoint } from "../../common/protocol/trainer";

/** Steps whose numbers may still be on their way while the next is encoded: enough to hide the trip. */
const MOST_BEHIND = 3;

/**
 * What is submitted cannot be taken back, so that a stop waits for it: no more than this may be. Steps that take
 * longer go one by one, where the trip does not matter.
 */
const BEHIND_MS = 50;

/** Reads steps' numbers back without stalling the steps after them. */
export interface StepReader {
  /** Takes over `logged` [velocityLoss, projLoss, gradNorm] of a step; waits only when too many are under way. */
  readonly push: (step: number, logged: Tensor1D) => Promise<void>;
  /** Starts the clock anew: time spent paused or evaluating belongs to no step. */
  readonly restartClock: () => void;
  /** Resolves when every step so far is reported. */
  readonly drain: () => Promise<void>;
}

/**
 * @param clockMs monotonic clock
 * @throws (from push and drain) StudioError NONFINITE_LOSS when a loss or the gradient is not a number
 */
export function createStepReader(
  clockMs: () => number,
  learningRate: number,
  onPoint: (point: StepPoint) => void,
): StepReader {
  let underWay: Promise<void>[] = [];
  let lastMs = clockMs();
  /** Unknown until a step was read: then none is left behind. */
  let stepMs = Infinity;

  const read = async (step: number, logged: Tensor1D) => {
    const values = await logged.data<"float32">().finally(() => logged.dispose());
    const [velocityLoss = NaN, projLoss = NaN, gradNorm = NaN] = values;
    if (![velocityLoss, projLoss, gradNorm].every(Number.isFinite)) {
      throw new StudioError(
        "NONFINITE_LOSS",
        `Step ${step} gave velocity loss ${velocityLoss}, alignment loss ${projLoss}, gradient norm ${gradNorm} (learning rate ${learningRate}).`,
        "Start again with a lower learning rate; the last checkpoint is from before this step.",
      );
    }
    const nowMs = clockMs();
    stepMs = nowMs - lastMs;
    lastMs = nowMs;
    onPoint({ step, velocityLoss, projLoss, gradNorm, stepMs });
  };

  const settle = async (most: number) => {
    while (underWay.length > most) {
      const [first] = underWay;
      underWay = underWay.slice(1);
      await first;
    }
  };

  return {
    push: async (step, logged) => {
      const reading = read(step, logged);
      reading.catch(() => undefined); // looked at when it is awaited in settle
      underWay.push(reading);
      await settle(Math.min(MOST_BEHIND, Math.floor(BEHIND_MS / stepMs)));
    },
    restartClock: () => {
      lastMs = clockMs();
    },
    drain: () => settle(0),
  };
}
