import type { Tensor1D } from "@tensorflow/tfjs-core";
import { STEP_METRICS, type StepMetricId } from "../../common/catalogue/liveMetrics";
import { StudioError } from "../../common/errors/studioError";
import { recordOf } from "../../common/math/recordOf";
import type { StepPoint } from "../../common/protocol/trainer";

/**
 * Most steps whose numbers are not read yet while the next one is encoded. Reading takes about as long as so many quick
 * steps.
 */
const MOST_BEHIND = 3;

/**
 * Most milliseconds of work that is submitted and not read yet. Submitted work cannot be cancelled, so a stop waits
 * for it. Steps that take longer are read one by one; the time of reading is then small beside the step's.
 */
const BEHIND_MS = 50;

const IDS: readonly StepMetricId[] = STEP_METRICS.map(({ id }) => id);

/** Reads steps' numbers back without stalling the steps after them. */
export interface StepReader {
  /** Takes over `logged`, the STEP_METRICS of a step in their order. Waits while too many steps are not read yet. */
  readonly push: (step: number, logged: Tensor1D) => Promise<void>;
  /** Restarts the clock: time spent paused or evaluating belongs to no step. */
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
  /** Infinity until a step was read, so that the first ones are read one by one. */
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
      reading.catch(() => undefined); // a failure is thrown where settle awaits it
      underWay.push(reading);
      await settle(Math.min(MOST_BEHIND, Math.floor(BEHIND_MS / stepMs)));
    },
    restartClock: () => {
      lastMs = clockMs();
    },
    drain: () => settle(0),
  };
}
