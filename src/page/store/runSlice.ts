import type { Failure } from "../../common/errors/studioError";
import {
  alignmentAt,
  type ControlChange,
  type Experiment,
  type TimelineEntry,
} from "../../common/config/experiment";
import { changedKeys } from "../../common/config/liveChange";
import type { DeviceReport } from "../../common/protocol/shared";
import type {
  Measurement,
  MemoryReport,
  RunEvent,
  SampleGrid,
  StoredPhase,
} from "../../common/protocol/trainer";
import { appendSteps, emptyStepLog, lastStep, type StepLog } from "./stepLog";
import {
  initialMetrics,
  recordMeasurement,
  reduceMetrics,
  type MetricsState,
} from "./metricsSlice";
import { initialSamples, recordGrid, reduceSamples, type SamplesState } from "./samplesSlice";
import {
  loadedExperiment,
  moveAlignment,
  withoutSchedule,
  type ExperimentState,
} from "./experimentSlice";
import type { RunStatus } from "./runPhase";
import type { SetPart } from "./setPart";

export interface RunState {
  readonly runId: string | null;
  readonly name: string;
  /** The experiment as the run was started with; live changes are in the timeline. */
  readonly experiment: Experiment | null;
  readonly phase: RunStatus;
  /** What the phase is doing, as the worker reports it; empty when it reports nothing. */
  readonly detail: string;
  readonly step: number;
  readonly log: StepLog;
  readonly timeline: readonly TimelineEntry[];
  /** Live changes that are not in force yet. The form shows them, whatever becomes of older ones meanwhile. */
  readonly wanted: ControlChange;
  readonly device: DeviceReport | null;
  readonly memory: MemoryReport | null;
  readonly checkpoint: { readonly step: number; readonly bytes: number } | null;
  /** It came with a file and was not continued here yet: its device is another machine's. */
  readonly imported: boolean;
  readonly failure: Failure | null;
  readonly warnings: readonly Failure[];
}

export interface RunStart {
  readonly runId: string;
  readonly name: string;
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
}

/** A run as stored, to be shown after a reload or continued. */
export interface StoredRunLog extends RunStart {
  readonly phase: StoredPhase;
  readonly device: DeviceReport | null;
  readonly log: StepLog;
  readonly measurements: readonly Measurement[];
  readonly grids: readonly SampleGrid[];
  /** Step of the newest checkpoint; null when there is none and the run cannot be continued. */
  readonly checkpoint: { readonly step: number; readonly bytes: number } | null;
  /** It came with a file and was not continued here yet. */
  readonly imported?: boolean;
  /** What of it could not be read. */
  readonly warnings?: readonly Failure[];
}

export interface RunSlice {
  readonly run: RunState;
  /** A new run: empties charts and grids, phase `caching` until the trainer speaks. */
  readonly beginRun: (start: RunStart) => void;
  /** Shows a stored run, stopped where it was saved; the edited experiment becomes the run's. */
  readonly restoreRun: (stored: StoredRunLog) => void;
  /** Applies a batch of worker events in one update. */
  readonly applyRunEvents: (events: readonly RunEvent[]) => void;
  /** For what the page does before the trainer speaks: caching, or back to idle when that was cancelled. */
  readonly setPhase: (phase: RunStatus, detail?: string) => void;
  /** Changes made before the trainer has the run. */
  readonly setTimeline: (timeline: readonly TimelineEntry[]) => void;
  /** The open run has another name. */
  readonly nameRun: (name: string) => void;
  readonly wantControl: (wanted: ControlChange) => void;
  readonly dismissFailure: () => void;
  readonly dismissWarnings: () => void;
}

export const initialRun = (): RunState => ({
  runId: null,
  name: "",
  experiment: null,
  phase: "idle",
  detail: "",
  step: 0,
  log: emptyStepLog(),
  timeline: [],
  wanted: {},
  device: null,
  memory: null,
  checkpoint: null,
  imported: false,
  failure: null,
  warnings: [],
});

const MAX_WARNINGS = 20;

/** Pure, so tested without a store, a worker or a browser. Grids and measurements belong to other slices. */
export function reduceRun(run: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case "device":
      return { ...run, device: event.device, imported: false };
    case "phase":
      return { ...run, phase: event.phase, step: stepOf(run, event), detail: event.detail ?? "" };
    case "activity":
      return { ...run, detail: event.detail };
    case "steps": {
      const log = appendSteps(run.log, event.points);
      return { ...run, log, step: Math.max(0, lastStep(log)) };
    }
    case "control":
      return { ...run, timeline: recordChange(run.timeline, event.entry) };
    case "checkpoint":
      return { ...run, checkpoint: { step: event.step, bytes: event.bytes } };
    case "memory":
      return { ...run, memory: event.memory };
    case "warning":
      return { ...run, warnings: addWarning(run.warnings, event.failure) };
    case "failed":
      return { ...run, phase: "failed", detail: "", failure: event.failure };
    case "grid":
    case "measurement":
      return run;
  }
}

/** While a run is loaded its worker knows no step yet: a resumed one stands at its checkpoint. */
const stepOf = (run: RunState, event: Extract<RunEvent, { readonly type: "phase" }>): number =>
  event.phase === "loading" ? Math.max(event.step, run.checkpoint?.step ?? 0) : event.step;

/** A resumed run replays its timeline: an entry already recorded is not recorded twice. */
function recordChange(
  timeline: readonly TimelineEntry[],
  entry: TimelineEntry,
): readonly TimelineEntry[] {
  const known = timeline.some((other) => JSON.stringify(other) === JSON.stringify(entry));
  return known ? timeline : [...timeline, entry].sort((a, b) => a.step - b.step);
}

/** The same message again moves to the end instead of filling the list. */
function addWarning(warnings: readonly Failure[], failure: Failure): readonly Failure[] {
  const others = warnings.filter((other) => other.message !== failure.message);
  return [...others, failure].slice(-MAX_WARNINGS);
}

/** What a stored phase says of a run that does not train now: one that was cut in the middle is stopped. */
export const phaseAtRest = (phase: RunStatus): RunStatus =>
  phase === "finished" || phase === "failed" || phase === "unknown" ? phase : "stopped";

/** The state of a stored run that is opened. */
export function restoredRun(stored: StoredRunLog): RunState {
  const { log } = stored;
  return {
    ...initialRun(),
    runId: stored.runId,
    name: stored.name,
    experiment: stored.experiment,
    timeline: stored.timeline,
    device: stored.device,
    phase: phaseAtRest(stored.phase),
    log,
    step: Math.max(0, lastStep(log)),
    checkpoint: stored.checkpoint,
    imported: stored.imported ?? false,
    warnings: stored.warnings ?? [],
  };
}

/** Everything a run shows, in the slices it belongs to. */
interface RunPart {
  readonly run: RunState;
  readonly metrics: MetricsState;
  readonly samples: SamplesState;
  readonly experiment: ExperimentState;
  readonly cursorStep: number | null;
}

/** What the form shows of the settings an entry names: what is wanted, else the newest change, also after a late entry. */
function shownOf({ experiment, timeline, wanted }: RunState, { change }: TimelineEntry) {
  const newest = experiment && alignmentAt(experiment, timeline, Infinity);
  const inForce = newest
    ? Object.fromEntries(changedKeys(change).map((key) => [key, newest[key]]))
    : change;
  return { ...inForce, ...wanted };
}

/** The form follows live changes; changes that were scheduled are the run's own once it has a step. */
function reduceExperiment(
  run: RunState,
  experiment: ExperimentState,
  event: RunEvent,
): ExperimentState {
  if (event.type === "control") return moveAlignment(experiment, shownOf(run, event.entry));
  const begun = event.type === "steps";
  return begun && experiment.scheduled === run.timeline ? withoutSchedule(experiment) : experiment;
}

/** One event applied to every slice it concerns. */
function reduceEvent(part: RunPart, event: RunEvent): RunPart {
  const run = reduceRun(part.run, event);
  return {
    run,
    metrics: reduceMetrics(part.metrics, event),
    samples: reduceSamples(part.samples, event),
    experiment: reduceExperiment(run, part.experiment, event),
    cursorStep: part.cursorStep,
  };
}

/** The experiment as the timeline left it: what the controls show when a stored run is opened. */
const asLeft = ({ experiment, timeline }: RunStart): Experiment => ({
  ...experiment,
  alignment: alignmentAt(experiment, timeline, Infinity),
});

export const createRunSlice = (set: SetPart<RunPart>): RunSlice => ({
  run: initialRun(),
  beginRun: (start) =>
    set({
      run: { ...initialRun(), ...start, phase: "caching" },
      metrics: initialMetrics,
      samples: initialSamples,
      cursorStep: null,
    }),
  restoreRun: (stored) =>
    set((part) => ({
      run: restoredRun(stored),
      metrics: stored.measurements.reduce(recordMeasurement, initialMetrics),
      samples: stored.grids.reduce(recordGrid, initialSamples),
      experiment: loadedExperiment(part.experiment, asLeft(stored), stored.name),
      cursorStep: null,
    })),
  applyRunEvents: (events) =>
    set(({ run, metrics, samples, experiment, cursorStep }) =>
      events.reduce(reduceEvent, { run, metrics, samples, experiment, cursorStep }),
    ),
  setPhase: (phase, detail = "") => set(({ run }) => ({ run: { ...run, phase, detail } })),
  setTimeline: (timeline) => set(({ run }) => ({ run: { ...run, timeline } })),
  nameRun: (name) => set(({ run }) => ({ run: { ...run, name } })),
  wantControl: (wanted) => set(({ run }) => ({ run: { ...run, wanted } })),
  dismissFailure: () => set(({ run }) => ({ run: { ...run, failure: null } })),
  dismissWarnings: () => set(({ run }) => ({ run: { ...run, warnings: [] } })),
});
