import type { Tensor1D } from "@tensorflow/tfjs-core";
import { STEP_METRICS, type StepMetricId } from "../../common/catalogue/liveMetrics";
import { StudioError } from "../../common/errors/studioError";
import { recordOf } from "../../common/math/records";
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
  /** The first step whose numbers are none; null while all were. */
  readonly divergedAt: () => number | null;
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
  let divergedAt: number | null = null;

  const read = async (step: number, logged: Tensor1D) => {
    const values = await logged.data<"float32">().finally(() => logged.dispose());
    const metrics = recordOf(IDS, (id) => values[IDS.indexOf(id)] ?? NaN);
    const nowMs = clockMs();
    stepMs = nowMs - lastMs;
    lastMs = nowMs;
    const isFinite = Object.values(metrics).every(Number.isFinite);
    // the step that is no number is logged, so that the charts show where; those behind it follow from it
    if (isFinite || divergedAt === null) onPoint({ step, ...metrics, stepMs });
    if (!isFinite) {
      divergedAt ??= step;
      const found = STEP_METRICS.map(({ id, name }) => `${name.toLowerCase()} ${metrics[id]}`);
      throw new StudioError(
        "NONFINITE_LOSS",
        `Step ${step} gave ${found.join(", ")} (learning rate ${learningRate}).`,
        "The last checkpoint is from before this step: go on from it in float32, with a lower learning rate, or with gradients clipped at less.",
      );
    }
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
    divergedAt: () => divergedAt,
    drain: () => settle(0),
  };
}
