import type { RunRecord } from "../../src/common/storage/db";
import type { RunLog } from "./runLog";
import type { StudioReader } from "./studioReader";

/** A run that is over, and where its results are read from until `close`. */
export interface EndedRun {
  readonly record: RunRecord;
  readonly log: RunLog;
  readonly reader: StudioReader;
  /** Why it failed; null when it did not. */
  readonly failure: string | null;
  readonly close: () => Promise<void>;
}

/** Why a run is to end early; null while it may go on. */
export type StopReason = () => string | null;
