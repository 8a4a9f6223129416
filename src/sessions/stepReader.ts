import type { Tensor1D } from "@tensorflow/tfjs-core";
import { StudioError } from "../errors/studioError";
import type { StepPoint } from "../protocol/trainer";

/** Steps whose numbers may still be on their way from the GPU: enough to hide the trip, few enough to stop soon. */
const IN_FLIGHT = 3;

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

  const read = async (step: number, logged: Tensor1D) => {
    const [velocityLoss = NaN, projLoss = NaN, gradNorm = NaN] = await logged.data<"float32">();
    logged.dispose();
    if (![velocityLoss, projLoss, gradNorm].every(Number.isFinite)) {
      throw new StudioError(
        "NONFINITE_LOSS",
        `Step ${step} gave velocity loss ${velocityLoss}, alignment loss ${projLoss}, gradient norm ${gradNorm} (learning rate ${learningRate}).`,
        "Start again with a lower learning rate; the last checkpoint is from before this step.",
      );
    }
    const nowMs = clockMs();
    onPoint({ step, velocityLoss, projLoss, gradNorm, stepMs: nowMs - lastMs });
    lastMs = nowMs;
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
      await settle(IN_FLIGHT);
    },
    restartClock: () => {
      lastMs = clockMs();
    },
    drain: () => settle(0),
  };
}
