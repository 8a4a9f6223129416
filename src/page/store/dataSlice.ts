import { shallow } from "zustand/shallow";
import type { Experiment, TimelineEntry } from "../../common/config/experiment";
import type { DeviceReport } from "../../common/protocol/shared";
import type { StoredPhase } from "../../common/protocol/trainer";
import type { CacheCostEstimate, CacheEvent } from "../../common/protocol/features";
import type { Unreadable } from "../../common/storage/checked";
import type { ImportedFrom, RunLook, RunRecord } from "../../common/storage/db";
import type { LatestMeasured } from "../../common/storage/runs";
import { keepEqual } from "./keepEqual";
import type { SetPart } from "./setPart";

export type CacheProgress = Omit<Extract<CacheEvent, { type: "progress" }>, "type">;

export interface StorageUsage {
  readonly usedBytes: number;
  /** Bytes the browser allows this page; null when it does not say. */
  readonly quotaBytes: number | null;
  /** True when the browser has promised not to evict the data. */
  readonly persisted: boolean;
}

export interface StoredCache {
  readonly key: string;
  readonly label: string;
  readonly bytes: number;
  /** Images whose rows are in it. */
  readonly rows: number;
}

/** A checkpoint that forks can begin from. */
export interface KeptCheckpoint {
  readonly step: number;
  readonly bytes: number;
  /** Kept until the user says otherwise. */
  readonly pinned: boolean;
  /** Kept for forks while the budget lasts. */
  readonly forkPoint: boolean;
}

export interface StoredRun {
  readonly id: string;
  readonly name: string;
  readonly phase: StoredPhase;
  /** Another tab has it. */
  readonly isElsewhere: boolean;
  readonly step: number;
  readonly totalSteps: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Step of the newest checkpoint; null when the run can be shown but not continued. */
  readonly checkpointStep: number | null;
  /** All that are kept, by step. */
  readonly checkpoints: readonly KeptCheckpoint[];
  /** What they take. */
  readonly bytes: number;
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
  readonly device: DeviceReport | null;
  readonly look: RunLook;
  readonly pinned: boolean;
  readonly parent: RunRecord["parent"] | null;
  /** The file it came with; null for a run that was begun here. */
  readonly imported: ImportedFrom | null;
  /** Its newest figures. */
  readonly latest: LatestMeasured;
}

/** Whether a run can go on: one that came with a file has no first step here, so it needs its checkpoint. */
export const canContinue = (
  run: Pick<StoredRun, "phase" | "checkpointStep" | "imported">,
): boolean => run.phase !== "finished" && (run.checkpointStep !== null || run.imported === null);

/** What the user may change of a stored run without running it. */
export type RunChange = Partial<Pick<StoredRun, "name" | "look" | "pinned">>;

/** A key as text: a list's parts one after another. */
export const keyText = (key: IDBValidKey): string =>
  Array.isArray(key)
    ? key.map(keyText).join(" ")
    : typeof key === "string"
      ? key
      : JSON.stringify(key);

/** Names a record that cannot be read among all of them. */
export const unreadableId = ({ store, key }: Unreadable): string => JSON.stringify([store, key]);

export interface DataState {
  /** What the edited experiment would compute and store; null until the features worker has replied. */
  readonly costEstimate: CacheCostEstimate | null;
  /** Not null while caches are filled. */
  readonly progress: CacheProgress | null;
  readonly repairedShards: number;
  readonly storage: StorageUsage | null;
  /** Bytes that pinned checkpoints and fork points may take; null until it is read. */
  readonly checkpointBudget: number | null;
  readonly caches: readonly StoredCache[];
  readonly runs: readonly StoredRun[];
  /** What was changed of runs on this page, by run: a list that was read meanwhile may be older. */
  readonly changedRuns: Readonly<Record<string, RunChange>>;
  /** Records that are stored and cannot be used. */
  readonly unreadable: readonly Unreadable[];
  /** Which share of what is stored is brought into this version's form; null when all is. Nothing can be read meanwhile. */
  readonly upgrading: number | null;
  /** Names of the classes by label, for captions under samples. */
  readonly classNames: readonly string[];
  /** Built-in images of each class, by its position in `classNames`. */
  readonly classCounts: readonly number[];
}

export interface DataSlice {
  readonly data: DataState;
  readonly setCostEstimate: (costEstimate: CacheCostEstimate | null) => void;
  readonly applyCacheEvent: (event: CacheEvent) => void;
  /** Caching is over: done, cancelled or failed. */
  readonly endCaching: () => void;
  readonly setStorage: (storage: StorageUsage | null, caches: readonly StoredCache[]) => void;
  readonly setCheckpointBudget: (bytes: number) => void;
  readonly setRuns: (runs: readonly StoredRun[]) => void;
  /** Shows a change of a stored run before it is stored. */
  readonly changeRun: (runId: string, change: RunChange) => void;
  /** The list as it is stored counts again: another run may come under the id of one that was deleted. */
  readonly forgetRunChanges: (runId: string) => void;
  readonly setUnreadable: (unreadable: readonly Unreadable[]) => void;
  readonly setUpgrading: (upgrading: number | null) => void;
  readonly setClassNames: (classNames: readonly string[], classCounts?: readonly number[]) => void;
}

export const initialData: DataState = {
  costEstimate: null,
  progress: null,
  repairedShards: 0,
  storage: null,
  checkpointBudget: null,
  caches: [],
  runs: [],
  changedRuns: {},
  unreadable: [],
  upgrading: null,
  classNames: [],
  classCounts: [],
};

export function reduceData(data: DataState, event: CacheEvent): DataState {
  switch (event.type) {
    case "progress": {
      const { label, done, ready, total, imagesPerSecond } = event;
      return { ...data, progress: { label, done, ready, total, imagesPerSecond } };
    }
    case "repaired":
      return { ...data, repairedShards: data.repairedShards + 1 };
    case "warning": // shown with the run's own
    case "device":
      return data; // the trainer's device is the one shown beside timings
  }
}

/** Bytes that are not in storage yet. */
export const missingBytes = (costEstimate: CacheCostEstimate): number =>
  costEstimate.items.reduce((sum, item) => sum + Math.max(0, item.bytes - item.cachedBytes), 0);

export const createDataSlice = (set: SetPart<Pick<DataSlice, "data">>): DataSlice => {
  const patch = (part: Partial<DataState>) => set(({ data }) => ({ data: { ...data, ...part } }));
  return {
    data: initialData,
    setCostEstimate: (costEstimate) => patch({ costEstimate }),
    applyCacheEvent: (event) => set(({ data }) => ({ data: reduceData(data, event) })),
    endCaching: () => patch({ progress: null }),
    setStorage: (storage, caches) => patch({ storage, caches }),
    setCheckpointBudget: (checkpointBudget) => patch({ checkpointBudget }),
    setRuns: (runs) =>
      set(({ data }) => {
        const known = new Map(data.runs.map((run) => [run.id, run]));
        const listed = runs.map((run) =>
          keepEqual(known.get(run.id), { ...run, ...data.changedRuns[run.id] }),
        );
        return { data: shallow(data.runs, listed) ? data : { ...data, runs: listed } };
      }),
    changeRun: (runId, change) =>
      set(({ data }) => ({
        data: {
          ...data,
          changedRuns: {
            ...data.changedRuns,
            [runId]: { ...data.changedRuns[runId], ...change },
          },
          runs: data.runs.map((run) => (run.id === runId ? { ...run, ...change } : run)),
        },
      })),
    forgetRunChanges: (runId) =>
      set(({ data }) => {
        const others = Object.entries(data.changedRuns).filter(([id]) => id !== runId);
        return { data: { ...data, changedRuns: Object.fromEntries(others) } };
      }),
    setUnreadable: (unreadable) => patch({ unreadable }),
    setUpgrading: (upgrading) => patch({ upgrading }),
    setClassNames: (classNames, classCounts = []) => patch({ classNames, classCounts }),
  };
};
