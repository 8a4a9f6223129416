import type { RunEvent, SampleGrid } from "../../common/protocol/trainer";

/** Grids as PNG bytes, ascending by step; the component that shows one makes its URL. */
export interface SamplesState {
  readonly grids: readonly SampleGrid[];
}

export interface SamplesSlice {
  readonly samples: SamplesState;
}

export const initialSamples: SamplesState = { grids: [] };

export const reduceSamples = (samples: SamplesState, event: RunEvent): SamplesState =>
  event.type === "grid" ? recordGrid(samples, event.grid) : samples;

/** A grid drawn again (after a resume) replaces the one of its step. */
export function recordGrid(samples: SamplesState, grid: SampleGrid): SamplesState {
  const others = samples.grids.filter(({ step }) => step !== grid.step);
  return { grids: [...others, grid].sort((a, b) => a.step - b.step) };
}

/** The newest grid that is not after `step`; null where there is none: a later one shows what was not learnt yet. */
export const gridAt = (samples: SamplesState, step: number): SampleGrid | null =>
  samples.grids.findLast((grid) => grid.step <= step) ?? null;

export const createSamplesSlice = (): SamplesSlice => ({ samples: initialSamples });
