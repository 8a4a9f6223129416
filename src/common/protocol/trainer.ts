import type {
  ConflictValues,
  LayerValues,
  SampleValues,
  StepValues,
} from "../catalogue/liveMetrics";
import type { ControlChange, Experiment, TimelineEntry } from "../config/experiment";
import type { Failure } from "../errors/studioError";
import type { BackendChoice, DeviceReport, Outcome } from "./shared";

/** One optimiser step as logged. */
export interface StepPoint extends StepValues {
  readonly step: number;
  /** Wall time of the step, measured from the previous one's end. */
  readonly stepMs: number;
}

/** How good EMA samples are at `step`, in one named feature space. */
export interface SampleQuality extends SampleValues {
  readonly kind: "sampleQuality";
  readonly step: number;
  /** The feature space, for example "tiny-vit, token mean". No value here is an FID. */
  readonly space: string;
  /** Generated images. */
  readonly sampleCount: number;
  /**
   * Images on each side of the Fréchet distances and of both floors: as many as were generated, or half the real set.
   */
  readonly pairCount: number;
  /** Real images KID compares against. */
  readonly referenceCount: number;
}

/** Agreement of every block's hidden state with one encoder on held-out images. */
export interface LayerAlignment extends LayerValues {
  readonly kind: "layerAlignment";
  readonly step: number;
  readonly encoder: string;
  readonly imageCount: number;
  readonly k: number;
  /** Noise level t of the images given to the model. */
  readonly time: number;
  /** CKNNA with the rows of one side permuted: chance level at this N and k. */
  readonly chance: number;
}

/** How the gradients of the two losses lie to each other over one group of parameters. */
export interface GroupConflict extends ConflictValues {
  readonly velocityNorm: number;
  /** Of the alignment loss without λ. Null behind the aligned block: its gradient does not reach there. */
  readonly alignmentNorm: number | null;
}

/**
 * Gradients of the velocity loss and of the alignment loss, each alone and without λ, for the model's parameters
 * before update `step`, on the first `imageCount` images of that update's batch.
 */
export interface GradientConflict {
  readonly kind: "gradientConflict";
  readonly step: number;
  /** The alignment in force at the step. */
  readonly encoders: readonly string[];
  readonly encoderDepth: number;
  readonly projCoeff: number;
  readonly objective: Experiment["alignment"]["objective"];
  /** Images measured on: the batch, or its first micro-batch. */
  readonly imageCount: number;
  readonly batchSize: number;
  /** By block, 1 first. */
  readonly blocks: readonly GroupConflict[];
  /** Patch, time and label embedders together. */
  readonly embedders: GroupConflict;
}

export type Measurement = SampleQuality | LayerAlignment | GradientConflict;

/**
 * What the EMA model thinks one held-out image is, at several noise levels of it, as one PNG with a single row of tiles: first
 * the image itself, then one for each of `times`.
 */
export interface DenoisedStrip {
  readonly png: ArrayBuffer;
  /** Side of a tile, px. */
  readonly tile: number;
  /** Noise levels t, ascending. */
  readonly times: readonly number[];
}

/** EMA samples from fixed noise and labels as one PNG: `columns` tiles a row, `tile` px each. */
export interface SampleGrid {
  readonly step: number;
  /** Absent in grids of earlier versions. */
  readonly denoised?: DenoisedStrip;
  readonly png: ArrayBuffer;
  readonly count: number;
  readonly columns: number;
  readonly tile: number;
  readonly labels: readonly number[];
}

export type RunPhase =
  | "caching" // caches are filled before the first step; written by the page, as no trainer has the run yet
  | "loading" // parameters, caches
  | "compiling" // the first step: pipelines are built
  | "training"
  | "evaluating" // grids and metrics; training waits
  | "paused"
  | "finished"
  | "stopped"
  | "failed";

/** A phase as it is stored; `unknown` is one that a later version of the studio wrote. */
export type StoredPhase = RunPhase | "unknown";

/** Memory of a worker, for the status line and the leak test. */
export interface MemoryReport {
  readonly step: number;
  readonly tensors: number;
  /** Of all tensors; those that share their data count each. */
  readonly bytes: number;
  /** What the backend has taken: WebAssembly's heap, or buffers of the GPU. Absent in JavaScript. */
  readonly takenBytes?: number;
}

export type RunEvent =
  | { readonly type: "device"; readonly device: DeviceReport }
  | {
      readonly type: "phase";
      readonly phase: RunPhase;
      readonly step: number;
      readonly detail?: string;
    }
  /** What the run does within its phase, as `detail` of a phase; not stored. */
  | { readonly type: "activity"; readonly detail: string }
  | { readonly type: "steps"; readonly points: readonly StepPoint[] }
  | { readonly type: "control"; readonly entry: TimelineEntry }
  | { readonly type: "grid"; readonly grid: SampleGrid }
  | { readonly type: "measurement"; readonly measurement: Measurement }
  | { readonly type: "checkpoint"; readonly step: number; readonly bytes: number }
  | { readonly type: "memory"; readonly memory: MemoryReport }
  | { readonly type: "warning"; readonly failure: Failure }
  | { readonly type: "failed"; readonly failure: Failure };

export interface StartRequest {
  /** Runs are stored under this id; an id that has a checkpoint resumes from its latest one. */
  readonly runId: string;
  /** Shown in lists; a stored run keeps the name it has. */
  readonly name: string;
  readonly experiment: Experiment;
  /** Changes replayed at their steps: empty for a new run, the link's timeline for a shared one. */
  readonly timeline: readonly TimelineEntry[];
  readonly backend: BackendChoice;
  /** Pause after this many steps; absent, the run goes on until it is over. */
  readonly pauseAfter?: number | undefined;
  /** Train on the images that are in every cache by now, instead of refusing caches that are not complete. */
  readonly cachedOnly?: boolean | undefined;
}

export interface TrainerApi {
  /** Resolves when the run is over (finished, stopped or failed); progress leaves by `onEvent` (pass a proxy). */
  start(request: StartRequest, onEvent: (event: RunEvent) => void): Promise<Outcome<null>>;
  /** Gives the trainer its line to the metrics worker; call once, before `start`. */
  connectMetrics(port: MessagePort): Promise<void>;
  /** The metrics worker is gone, and why: what waits for it ends with this failure. */
  loseMetrics(failure: Failure): Promise<void>;
  /** Takes effect before the next step. @returns the entry as recorded; null for what is in force already */
  setControl(change: ControlChange): Promise<Outcome<TimelineEntry | null>>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** One step, then paused again. */
  singleStep(): Promise<void>;
  /** Ends the run after the step in flight, with a checkpoint. */
  stop(): Promise<void>;
  /** The newest full state as safetensors bytes (moved, not copied): an extra checkpoint, for download. */
  checkpoint(): Promise<Outcome<ArrayBuffer>>;
}
