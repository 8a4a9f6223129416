import type { Experiment } from "../../../common/config/experiment";
import type { Failure } from "../../../common/errors/studioError";
import type { BackendChoice } from "../../../common/protocol/shared";
import type { Database } from "../../../common/storage/db";
import type { RunStart } from "../../store/runSlice";
import type { StudioStore } from "../../store/studioStore";
import type { WeightsFlow } from "../flows/weightsFlow";
import type { FeaturesWorkers, TrainerWorkers, WorkerPool } from "../workers/workers";
import type { Caching } from "./caching";
import type { EventQueue } from "./eventQueue";
import type { LiveChangesOptions } from "./liveChanges";
import type { RunLocks } from "./runLocks";

/** What carries out the machine's effects. */
export interface RunPlaces {
  readonly store: StudioStore;
  readonly locks: Pick<RunLocks, "take">;
  readonly features: WorkerPool<FeaturesWorkers>;
  readonly trainers: WorkerPool<TrainerWorkers>;
  readonly weights: Pick<WeightsFlow, "ensureWeights" | "decline">;
  readonly caching: Pick<Caching, "costEstimate" | "fill" | "cache" | "cancelCaching">;
  readonly queue: EventQueue;
  readonly withDatabase: <T>(work: (db: Database) => Promise<T>) => Promise<T>;
  readonly backend: BackendChoice;
  readonly codeVersion: string;
  readonly nowMs: () => number;
  /** Why a run cannot start here, as far as it is known before workers are asked for anything. */
  readonly refusal: (experiment: Experiment) => Failure | null;
  /** Ends what fills caches without a run, and waits for it. */
  readonly pausePrefill: () => Promise<void>;
  /** Another tab has the run. */
  readonly onElsewhere: (run: RunStart) => void;
  /** A run is over: what is stored has changed. */
  readonly onOver: () => void;
  readonly heardMs?: number;
  readonly isKeyHeld: () => boolean;
  readonly after: LiveChangesOptions["after"];
}
