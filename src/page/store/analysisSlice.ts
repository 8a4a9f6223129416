import {
  alignmentAt,
  type EncoderId,
  type Experiment,
  type TimelineEntry,
} from "../../common/config/experiment";
import type { Failure } from "../../common/errors/studioError";
import type {
  AnalysisEvent,
  AnalysisPlan,
  OpenedCheckpoint,
  StoredAnalysis,
  Subject,
} from "../../common/protocol/analysis";
import type { DeviceReport } from "../../common/protocol/shared";
import type { Measurement, SampleGrid, StoredPhase } from "../../common/protocol/trainer";
import type { SetPart } from "./setPart";

/** A stored run as far as an analysis needs it. */
export interface AnalysedRun {
  readonly id: string;
  readonly name: string;
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
  readonly phase: StoredPhase;
  readonly createdAtMs: number;
  readonly datasetHash: string;
  readonly device: DeviceReport | null;
  /** Steps whose checkpoints are kept, ascending. */
  readonly checkpointSteps: readonly number[];
  readonly gridSteps: readonly number[];
  /** What the run measured itself, by step. */
  readonly measurements: readonly Measurement[];
}

/** A plan being made: null takes what the first subject's run measured with. */
export interface PlanDraft extends Omit<
  AnalysisPlan,
  "encoders" | "alignmentCount" | "k" | "seed"
> {
  readonly encoders: readonly EncoderId[] | null;
  readonly alignmentCount: number | null;
  readonly k: number | null;
  readonly seed: number | null;
}

export interface AnalysisJob {
  /** `preparing`: weights are asked for and caches filled; `cancelling`: asked to end, not ended yet. */
  readonly status:
    | "idle"
    | "preparing"
    | "running"
    | "cancelling"
    | "done"
    | "cancelled"
    | "failed";
  readonly detail: string;
  readonly done: number;
  readonly all: number;
  readonly device: DeviceReport | null;
  readonly warnings: readonly Failure[];
  readonly failure: Failure | null;
}

export interface AnalysisState {
  /** Null until storage was read. */
  readonly runs: readonly AnalysedRun[] | null;
  readonly files: readonly OpenedCheckpoint[];
  /** Files that could not be opened, newest last. */
  readonly refused: readonly { readonly name: string; readonly failure: Failure }[];
  readonly subjects: readonly Subject[];
  readonly draft: PlanDraft;
  readonly job: AnalysisJob;
  /** Everything that is stored, one a key. */
  readonly results: readonly StoredAnalysis[];
  /** Sample grids of runs that were asked for, ascending by step. */
  readonly grids: Readonly<Record<string, readonly SampleGrid[]>>;
}

export interface AnalysisSlice {
  readonly analysis: AnalysisState;
  readonly setAnalysed: (runs: readonly AnalysedRun[], results: readonly StoredAnalysis[]) => void;
  readonly toggleSubject: (subject: Subject) => void;
  readonly draftPlan: (part: Partial<PlanDraft>) => void;
  readonly addCheckpoint: (opened: OpenedCheckpoint) => void;
  readonly removeCheckpoint: (fileId: string) => void;
  readonly refuseCheckpoint: (name: string, failure: Failure) => void;
  readonly beginAnalysis: () => void;
  readonly runAnalysis: () => void;
  readonly cancelAnalysis: () => void;
  readonly applyAnalysisEvent: (event: AnalysisEvent) => void;
  /** The analysis ended; null is without a failure, and CANCELLED is none. */
  readonly endAnalysis: (failure: Failure | null) => void;
  readonly setAnalysisGrids: (runId: string, grids: readonly SampleGrid[]) => void;
}

export const subjectKey = (subject: Subject): string =>
  subject.kind === "run" ? `run/${subject.runId}/${subject.step}` : `file/${subject.fileId}`;

const IDLE: AnalysisJob = {
  status: "idle",
  detail: "",
  done: 0,
  all: 0,
  device: null,
  warnings: [],
  failure: null,
};

export const initialAnalysis: AnalysisState = {
  runs: null,
  files: [],
  refused: [],
  subjects: [],
  draft: {
    times: [0.5],
    encoders: null,
    alignmentCount: null,
    k: null,
    probe: { trainCount: 2000, epochs: 90 },
    samples: null,
    mapImages: 4,
    seed: null,
  },
  job: IDLE,
  results: [],
  grids: {},
};

export const isAnalysing = ({ status }: Pick<AnalysisJob, "status">): boolean =>
  status === "preparing" || status === "running" || status === "cancelling";

/** What was trained, and how far; undefined when the run is gone or the file closed. */
export function subjectRecord(
  { runs, files }: Pick<AnalysisState, "runs" | "files">,
  subject: Subject,
): OpenedCheckpoint | (AnalysedRun & { readonly step: number }) | undefined {
  if (subject.kind === "file") return files.find(({ fileId }) => fileId === subject.fileId);
  const run = runs?.find(({ id }) => id === subject.runId);
  return run && { ...run, step: subject.step };
}

/** The draft with its gaps filled from the chosen subjects; null while none is chosen. */
export function planOf(state: AnalysisState): AnalysisPlan | null {
  const records = state.subjects.flatMap((subject) => subjectRecord(state, subject) ?? []);
  const [first] = records;
  if (!first) return null;
  const { draft } = state;
  const own = records.flatMap(
    ({ experiment, timeline, step }) => alignmentAt(experiment, timeline, step).encoders,
  );
  const { evaluation, optimizer } = first.experiment;
  return {
    ...draft,
    encoders: draft.encoders ?? [...new Set(own)],
    alignmentCount: draft.alignmentCount ?? evaluation.heldOutCount,
    k: draft.k ?? evaluation.cknnaK,
    seed: draft.seed ?? optimizer.seed,
  };
}

/** Where samples are measured unless something else is chosen. */
export const DEFAULT_SAMPLES = { space: "tiny-vit", count: 256 } as const;

/** A result made again replaces the one under its key. */
const withResult = (
  results: readonly StoredAnalysis[],
  stored: StoredAnalysis,
): readonly StoredAnalysis[] => [...results.filter(({ key }) => key !== stored.key), stored];

export function reduceAnalysis(state: AnalysisState, event: AnalysisEvent): AnalysisState {
  const { job } = state;
  switch (event.type) {
    case "device":
      return { ...state, job: { ...job, device: event.device } };
    case "progress": {
      const { detail, done, all } = event;
      return { ...state, job: { ...job, detail, done, all } };
    }
    case "result":
      return { ...state, results: withResult(state.results, event.stored) };
    case "warning":
      return { ...state, job: { ...job, warnings: [...job.warnings, event.failure] } };
  }
}

/** What storage holds now; chosen subjects whose run or checkpoint is gone are no longer chosen. */
export function withStored(
  state: AnalysisState,
  runs: readonly AnalysedRun[],
  results: readonly StoredAnalysis[],
): AnalysisState {
  const kept = state.subjects.filter(
    (subject) =>
      subject.kind === "file" ||
      runs.some(
        ({ id, checkpointSteps }) => id === subject.runId && checkpointSteps.includes(subject.step),
      ),
  );
  return { ...state, runs, results, subjects: kept };
}

export function toggled(subjects: readonly Subject[], subject: Subject): readonly Subject[] {
  const key = subjectKey(subject);
  const others = subjects.filter((other) => subjectKey(other) !== key);
  return others.length < subjects.length ? others : [...subjects, subject];
}

function withEnd(job: AnalysisJob, failure: Failure | null): AnalysisJob {
  if (failure === null) return { ...job, status: "done", failure: null };
  if (failure.code === "CANCELLED") return { ...job, status: "cancelled", failure: null };
  return { ...job, status: "failed", failure };
}

export const createAnalysisSlice = (
  set: SetPart<Pick<AnalysisSlice, "analysis">>,
): AnalysisSlice => {
  const change = (next: (analysis: AnalysisState) => AnalysisState) =>
    set(({ analysis }) => ({ analysis: next(analysis) }));
  const patchJob = (part: Partial<AnalysisJob>) =>
    change((state) => ({ ...state, job: { ...state.job, ...part } }));
  return {
    analysis: initialAnalysis,
    setAnalysed: (runs, results) => change((state) => withStored(state, runs, results)),
    toggleSubject: (subject) =>
      change((state) => ({ ...state, subjects: toggled(state.subjects, subject) })),
    draftPlan: (part) => change((state) => ({ ...state, draft: { ...state.draft, ...part } })),
    addCheckpoint: (opened) =>
      change((state) => {
        const subject: Subject = { kind: "file", fileId: opened.fileId };
        const known = state.files.some(({ fileId }) => fileId === opened.fileId);
        return known
          ? state
          : {
              ...state,
              files: [...state.files, opened],
              subjects: [...state.subjects, subject],
              refused: state.refused.filter(({ name }) => name !== opened.name),
            };
      }),
    removeCheckpoint: (closed) =>
      change((state) => ({
        ...state,
        files: state.files.filter(({ fileId }) => fileId !== closed),
        subjects: state.subjects.filter((s) => s.kind !== "file" || s.fileId !== closed),
      })),
    refuseCheckpoint: (name, failure) =>
      change((state) => ({
        ...state,
        refused: [...state.refused.filter((other) => other.name !== name), { name, failure }],
      })),
    beginAnalysis: () => patchJob({ ...IDLE, status: "preparing" }),
    runAnalysis: () => patchJob({ status: "running" }),
    cancelAnalysis: () => patchJob({ status: "cancelling" }),
    applyAnalysisEvent: (event) => change((state) => reduceAnalysis(state, event)),
    endAnalysis: (failure) => change((state) => ({ ...state, job: withEnd(state.job, failure) })),
    setAnalysisGrids: (runId, grids) =>
      change((state) => ({ ...state, grids: { ...state.grids, [runId]: grids } })),
  };
};
