import type { FeatureSpaceId } from "../catalogue/featureSpaces";
import type { EncoderId, Experiment, TimelineEntry } from "../config/experiment";
import type { Failure } from "../errors/studioError";
import type { PictureStrip } from "./previews";
import type { BackendChoice, DeviceReport, Outcome } from "./shared";
import type { LayerAlignment, SampleQuality } from "./trainer";

/** A trained model to look into: a stored run's checkpoint, or one that was opened from a file. */
export type Subject =
  | { readonly kind: "run"; readonly runId: string; readonly step: number }
  | { readonly kind: "file"; readonly fileId: string };

/** Facts of a checkpoint file. Its EMA weights are analysed. */
export interface OpenedCheckpoint {
  /** SHA-256 of the file, hex. */
  readonly fileId: string;
  readonly name: string;
  readonly step: number;
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
}

/** What is measured, and on how much. One plan for all subjects, so that their figures compare. */
export interface AnalysisPlan {
  /** Noise levels t the images are given to the model at; hidden states are measured at each. */
  readonly times: readonly number[];
  /** Encoders the hidden states are compared with. */
  readonly encoders: readonly EncoderId[];
  /** Held-out images for CKNNA, CKA and mutual k-NN (at most as many as there are), and its k. */
  readonly alignmentCount: number;
  readonly k: number;
  /** Null: no probe. Training images are the first of a seeded order; the test images are all held-out ones. */
  readonly probe: { readonly trainCount: number; readonly epochs: number } | null;
  /** Null: no samples are drawn. */
  readonly samples: { readonly space: FeatureSpaceId; readonly count: number } | null;
  /** Held-out images whose tokens are shown as colours, block by block; 0: none. */
  readonly mapImages: number;
  readonly seed: number;
}

/** A share with its 95 % interval (Wilson). */
export interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Facts shown with every probe figure. */
export interface ProbeSetting {
  readonly trainCount: number;
  readonly testCount: number;
  readonly classCount: number;
  /** Share of the most frequent class among the test images: what a probe that learned nothing scores. */
  readonly majority: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly knnK: number;
}

/** Linear probe and k-NN of one feature set. */
export interface ProbeScore {
  readonly accuracy: Share;
  readonly trainAccuracy: number;
  readonly knn: Share;
}

/** A probe's figures with their setting. */
export type ProbeFigures = ProbeScore & ProbeSetting;

/** Results about one subject's hidden states at one noise level. Arrays are by block, 1 first. */
export type HiddenResult =
  | ({ readonly kind: "alignment" } & Omit<LayerAlignment, "kind" | "step">)
  | ({
      readonly kind: "probe";
      readonly time: number;
      readonly layers: readonly ProbeScore[];
    } & ProbeSetting)
  | {
      readonly kind: "maps";
      readonly time: number;
      /** The images as the autoencoder gives them back, and one strip a block: principal components as colours. */
      readonly images: PictureStrip;
      readonly layers: readonly { readonly maps: PictureStrip; readonly spatialScore: number }[];
      readonly encoders: readonly {
        readonly encoder: EncoderId;
        readonly maps: PictureStrip;
        readonly spatialScore: number;
      }[];
    };

/** Precision, recall, density and coverage with k = 5, generated against real or real against real. */
export interface Coverage {
  readonly precision: number;
  readonly recall: number;
  readonly density: number;
  readonly coverage: number;
}

/** Everything about a subject's samples in one feature space. */
export interface SampleResult extends Omit<SampleQuality, "kind" | "step" | "space"> {
  readonly kind: "samples";
  readonly space: FeatureSpaceId;
  /** Fréchet distance in the whole space; biased upwards below 5 samples a dimension, then `fullTrusted` is false. */
  readonly frechetFull: number;
  readonly width: number;
  readonly fullTrusted: boolean;
  readonly coverage: Coverage;
  /**
   * The same between two disjoint real sets. Both take `pairCount` images a side, and are means over four draws of
   * these.
   */
  readonly coverageReal: Coverage;
  /** Unbiased MMD with a Gaussian kernel (CMMD's arithmetic), and the same between real sets. */
  readonly cmmd: number;
  readonly cmmdReal: number;
  /** sFID where the space has positions, inception score where it has a classifier. */
  readonly sfid: number | null;
  readonly inceptionScore: { readonly mean: number; readonly std: number } | null;
}

/** One finished measurement. What is about an encoder alone has no subject. */
export type AnalysisResult =
  | { readonly subject: Subject; readonly result: HiddenResult | SampleResult }
  | {
      readonly subject: null;
      readonly result:
        | ({ readonly kind: "encoderProbe"; readonly encoder: EncoderId } & ProbeFigures)
        /** CKNNA of one encoder with another: the paper's lines for MAE and MoCo v3 against DINOv2. */
        | {
            readonly kind: "encoderAlignment";
            readonly encoder: EncoderId;
            readonly other: EncoderId;
            readonly imageCount: number;
            readonly k: number;
            readonly cknna: number;
          };
    };

/** A result as it is kept: `key` names everything that decides its numbers. */
export interface StoredAnalysis {
  readonly key: string;
  readonly createdAtMs: number;
  /** Data set the numbers belong to; those of an encoder are shown beside subjects of the same data. */
  readonly datasetHash: string;
  /** The plan's; shown beside every figure. */
  readonly seed: number;
  readonly device: DeviceReport;
  readonly found: AnalysisResult;
}

export type AnalysisEvent =
  | { readonly type: "device"; readonly device: DeviceReport }
  /** `done` of `all` units of the whole request; `detail` says what is computed. */
  | {
      readonly type: "progress";
      readonly detail: string;
      readonly done: number;
      readonly all: number;
    }
  | { readonly type: "result"; readonly stored: StoredAnalysis }
  | { readonly type: "warning"; readonly failure: Failure };

export interface AnalysisRequest {
  readonly subjects: readonly Subject[];
  readonly plan: AnalysisPlan;
  readonly backend: BackendChoice;
}

export interface AnalysisApi {
  /** Gives the worker its own line to the metrics worker; call once. */
  connectMetrics(port: MessagePort): Promise<void>;
  /** The metrics worker is gone, and why: what waits for it ends with this failure. */
  loseMetrics(failure: Failure): Promise<void>;
  /** Checks a checkpoint file and keeps it until it is closed. @returns BAD_CHECKPOINT or a safetensors failure */
  openCheckpoint(
    name: string,
    bytes: ArrayBuffer,
    settings: Experiment,
  ): Promise<Outcome<OpenedCheckpoint>>;
  closeCheckpoint(fileId: string): Promise<void>;
  /**
   * Measures what the plan says, subject after subject; results are stored and leave by `onEvent` as they come. What
   * is stored already under the same key is sent and not computed again. What cannot be measured for a reason of its
   * own (k too large, one class, a space that cannot be opened) is left out with a warning. CACHE_MISSING, before
   * anything is measured, where latents or features are not there; CANCELLED after `cancel`; DEVICE_LOST and other faults of the device.
   */
  analyse(
    request: AnalysisRequest,
    onEvent: (event: AnalysisEvent) => void,
  ): Promise<Outcome<null>>;
  /** Ends the analysis under way at the next block of arithmetic; what was measured stays. */
  cancel(): Promise<void>;
}
