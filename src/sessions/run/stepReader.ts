import type { Tensor1D } from "@tensorflow/tfjs-core";
import { STEP_METRICS, type StepMetricId } from "../../common/catalogue/liveMetrics";
import { StudioError } from "../../common/errors/studioError";
import { recordOf } from "../../common/math/recordOf";
import type { StepPoint } from "../../common/protocol/trainer";

/** Steps whose numbers may still be on their way while the next is encoded: enough to hide the trip. */
const MOST_BEHIND = 3;

/**
 * What is submitted cannot be taken back, so that a stop waits for it: no more than this may be. Steps that take
 * longer go one by one, where the trip does not matter.
 */
const BEHIND_MS = 50;

const IDS: readonly StepMetricId[] = STEP_METRICS.map(({ id }) => id);

/** Reads steps' numbers back without stalling the steps after them. */
export interface StepReader {
  /** Takes over `logged`, the STEP_METRICS of a step in their order; waits only when too many are under way. */
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
    const metrics = recordOf(IDS, (id) => values[IDS.indexOf(id)] ?? NaN);
    if (!Object.values(metrics).every(Number.isFinite)) {
      const found = STEP_METRICS.map(({ id, name }) => `${name.toLowerCase()} ${metrics[id]}`);
      throw new StudioError(
        "NONFINITE_LOSS",
        `Step ${step} gave ${found.join(", ")} (learning rate ${learningRate}).`,
        "Start again with a lower learning rate; the last checkpoint is from before this step.",
      );
    }
    const nowMs = clockMs();
    stepMs = nowMs - lastMs;
    lastMs = nowMs;
    onPoint({ step, ...metrics, stepMs });
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
