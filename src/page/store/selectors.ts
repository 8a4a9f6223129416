import { alignmentAt, type Experiment, type TimelineEntry } from "../../common/config/experiment";
import { enoughImages, leastImages } from "../../common/config/leastImages";
import type { RunDevice } from "../../common/config/memoryRefusal";
import type { Setting } from "../../common/config/settings";
import type { DeviceReport } from "../../common/protocol/shared";
import type { LayerAlignment } from "../../common/protocol/trainer";
import { importedDataset } from "./datasetsSlice";
import type { Capability } from "./deviceSlice";
import { isActive, type RunStatus } from "./runPhase";
import { gridAt } from "./samplesSlice";
import { firstIndexAtOrAfter, nearestIndex, recentStepMs, stepAt } from "./stepLog";
import type { StudioState } from "./studioStore";

/** A run holds the trainer: settings that are not live are locked. */
export const selectActive = (state: StudioState): boolean => isActive(state.run.phase);

/** Whether a setting is locked: it is not live, or caches are being filled for the encoders that were asked for. */
export const isLocked = ({ path, info }: Setting, phase: RunStatus): boolean =>
  isActive(phase) && (!info.live || (phase === "caching" && path === "alignment.encoders"));

/**
 * What runs are computed on: the shown run's device, else what the browser says. Undefined while that is not known: a
 * software adapter may turn out slower than wasm.
 */
export function knownDevice(
  ofRun: DeviceReport | null,
  capability: Capability,
): RunDevice | undefined {
  if (ofRun) return ofRun;
  if (capability.kind === "webgpu") return { ...capability, backend: "webgpu" };
  return capability.kind === "slow" && capability.backend !== null
    ? { backend: capability.backend }
    : undefined;
}

/** What the run shown was computed on, where that is this machine; null for one of a file, and before any. */
export const selectOwnDevice = ({ run }: StudioState): DeviceReport | null =>
  run.imported ? null : run.device;

/** Whether runs are computed on a GPU, so that its memory is what they take; false while that is not known. */
export const computesOnGpu = (ofRun: DeviceReport | null, capability: Capability): boolean =>
  ofRun ? ofRun.backend === "webgpu" && !ofRun.slow : capability.kind === "webgpu";

const NO_NAMES: readonly string[] = [];

/** Names of the classes samples are drawn of: the run's data set, or the edited one's before any run. */
export function selectClassNames({ run, experiment, datasets, data }: StudioState) {
  const shown = (run.experiment ?? experiment.value).data;
  if (shown.dataset === "emoji") return data.classNames;
  return importedDataset(datasets.list, shown)?.classNames ?? NO_NAMES;
}

/** The run shown was cut short and can go on from where it was saved, or from its start where it was begun here. */
export const selectResumable = ({ run }: StudioState): boolean =>
  run.runId !== null &&
  (run.phase === "stopped" || run.phase === "failed") &&
  (run.checkpoint !== null || !run.imported);

/** Why Train is not possible now, or null. */
export function selectTrainBlock(state: StudioState): string | null {
  if (state.capability.kind === "failed") return state.capability.reason;
  const [issue] = Object.entries(state.experiment.issues);
  return issue ? `${issue[0]}: ${issue[1]}` : null;
}

/** How many images are in all caches while they are filled, and whether they are enough for the run to begin. */
export function cachedSoFar({ run, data }: Pick<StudioState, "run" | "data">): {
  readonly images: number;
  readonly enough: boolean;
} {
  const ready = data.progress?.ready ?? { train: 0, heldOut: 0 };
  const enough = run.experiment !== null && enoughImages(ready, leastImages(run.experiment));
  return { images: ready.train + ready.heldOut, enough };
}

const RATE_STEPS = 20;

/** Wall time of a step in ms (median of the last twenty), or null before the first. */
export const selectStepMs = (state: StudioState): number | null =>
  recentStepMs(state.run.log, RATE_STEPS);

/** Seconds to the last step at the present rate, evaluations not counted; null when not training. */
export function selectEtaSeconds(state: StudioState): number | null {
  const { run } = state;
  const stepMs = selectStepMs(state);
  if (!run.experiment || stepMs === null || run.phase !== "training") return null;
  return ((run.experiment.optimizer.steps - run.step) * stepMs) / 1000;
}

/** The step everything on screen is shown at: the cursor's, or the newest. */
export const selectShownStep = (state: StudioState): number => state.cursorStep ?? state.run.step;

/**
 * Where step axes end: the newest step, rounded up by a few per cent, so that charts of rare measurements
 * need not be drawn again for every step logged.
 */
export function stepEnd(lastStep: number): number {
  const unit = Math.max(1, 10 ** Math.floor(Math.log10(Math.max(1, lastStep))) / 20);
  return Math.ceil(lastStep / unit) * unit;
}
export const selectStepEnd = (state: StudioState): number => stepEnd(state.run.step);

/** The step KID, Fréchet and CKNNA are first measured at, of the shown run or the next: the last step measures too. */
export function selectFirstMeasured({ run, experiment }: StudioState): number {
  const { evaluation, optimizer } = run.experiment ?? experiment.value;
  return Math.min(evaluation.metricsEvery, optimizer.steps);
}

/** The grid to show: the newest that is not after the shown step. */
export const selectGrid = (state: StudioState) => gridAt(state.samples, selectShownStep(state));

/** Per encoder, the newest measurement that is not after `step`. Order of first appearance. */
export function alignmentAtStep(
  measured: readonly LayerAlignment[],
  step: number,
): readonly LayerAlignment[] {
  const encoders = [...new Set(measured.map(({ encoder }) => encoder))];
  return encoders.flatMap(
    (encoder) => measured.findLast((m) => m.encoder === encoder && m.step <= step) ?? [],
  );
}

/** The alignment settings that hold at a step of the run, or null before any run. */
export const alignmentInForce = (
  experiment: Experiment | null,
  timeline: readonly TimelineEntry[],
  step: number,
): Experiment["alignment"] | null => (experiment ? alignmentAt(experiment, timeline, step) : null);

/** The logged step nearest to `step`, or null when nothing is logged. */
export function nearestLoggedStep(log: StudioState["run"]["log"], step: number): number | null {
  const index = nearestIndex(log, step);
  return index < 0 ? null : stepAt(log, index);
}

/** The logged step `count` places before (negative) or after the shown one; stays inside the log. */
export function steppedCursor(state: StudioState, count: number): number | null {
  const { log } = state.run;
  if (log.length === 0) return null;
  const shown = selectShownStep(state);
  const index = Math.min(firstIndexAtOrAfter(log, shown), log.length - 1);
  const next = Math.min(Math.max(index + count, 0), log.length - 1);
  return next === log.length - 1 && count > 0 ? null : stepAt(log, next);
}

/**
 * The step of the grid before the shown one (-1), or of the first grid after the shown step (+1); null when there is none
 * that way. Before the first grid none is shown, and the next one is the first.
 */
export function neighbourGridStep(state: StudioState, direction: -1 | 1): number | null {
  const { grids } = state.samples;
  if (direction === 1) return grids.find(({ step }) => step > selectShownStep(state))?.step ?? null;
  const current = selectGrid(state);
  return current ? (grids[grids.indexOf(current) - 1]?.step ?? null) : null;
}
