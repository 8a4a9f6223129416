import type { Measurement, SampleGrid, StepPoint } from "../../src/common/protocol/trainer";
import type { RunRecord, StatePart } from "../../src/common/storage/db";

/** Size of a cache, and the rate it was filled at. */
export interface CacheFigures {
  readonly label: string;
  readonly rows: number;
  /** Rows times their length in float16. */
  readonly plannedBytes: number;
  readonly storedBytes: number;
  /** Adapter and images a second, as src/sessions/caches/cacheRates.ts stores them. */
  readonly rate: unknown;
}

/** A stretch of a run's log, newest key last. */
export interface LogPart {
  readonly points: readonly StepPoint[];
  readonly measurements: readonly Measurement[];
  /** Pass it to the next call to get only what came later. */
  readonly lastKey: number;
}

export interface StoredCheckpoint {
  readonly bytes: Uint8Array;
  /** Lengths and checksums as stored with the bytes. */
  readonly parts: readonly StatePart[];
}

/** Reads a finished run from the page's database (pageDb.ts) or from this process's own (directDb.ts). */
export interface StudioReader {
  /** All runs, the one that was begun or continued last at the end. */
  readonly runs: () => Promise<readonly RunRecord[]>;
  readonly caches: () => Promise<readonly CacheFigures[]>;
  readonly gridSteps: (runId: string) => Promise<readonly number[]>;
  readonly gridPng: (runId: string, step: number) => Promise<Uint8Array | null>;
  /** All that is stored of a grid; undefined when there is none. */
  readonly grid: (runId: string, step: number) => Promise<SampleGrid | undefined>;
  readonly checkpointSteps: (runId: string) => Promise<readonly number[]>;
  readonly checkpoint: (runId: string, step: number) => Promise<StoredCheckpoint | null>;
}
