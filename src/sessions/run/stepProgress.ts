import type { StepProgress } from "../../engine/training/trainStep";

/** Milliseconds between two reports, and before a step's first: a quick step reports nothing. */
const REPORT_MS = 500;

const PARTS: Readonly<Record<StepProgress["part"], (done: number, all: number) => string>> = {
  forward: (done, all) => `forward pass, block ${done} of ${all}`,
  backward: (done, all) => `backward pass, operation ${done} of ${all}`,
  update: (done, all) => `update, parameter ${done} of ${all}`,
  gpu: (done, all) => `the GPU has done ${done} of ${all} submissions`,
};

/** What a step does now, in words: "Step 3: forward pass, block 5 of 12". */
export function stepProgressText(
  step: number,
  { part, done, all, microBatch }: StepProgress,
): string {
  const subject = step === 1 ? "First step" : `Step ${step}`;
  const of = microBatch === undefined ? "" : `micro-batch ${microBatch}, `;
  return `${subject}: ${of}${PARTS[part](done, all)}`;
}

/** Reports of one step. */
export interface StepReporter {
  readonly onProgress: (progress: StepProgress) => void;
  /** The step is over: what was told last is taken back. */
  readonly end: () => void;
}

/**
 * Tells what a step does, twice a second at most.
 * @param clockMs monotonic clock
 * @param tell takes the text; an empty one takes back what was told
 */
export function createStepReporter(
  step: number,
  clockMs: () => number,
  tell: (text: string) => void,
): StepReporter {
  let lastMs = clockMs();
  let told = false;
  let over = false;
  return {
    onProgress: (progress) => {
      if (over || clockMs() - lastMs < REPORT_MS) return;
      lastMs = clockMs();
      told = true;
      tell(stepProgressText(step, progress));
    },
    end: () => {
      over = true;
      if (told) tell("");
    },
  };
}
