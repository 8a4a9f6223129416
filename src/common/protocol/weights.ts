import type { HubFile, Licence } from "../catalogue/hubFile";
import type { Failure } from "../errors/studioError";
import type { Outcome } from "./shared";

/** Weights a run or a view needs and this browser does not hold (whole). */
export interface WeightsNeeded {
  /** "DINOv2 ViT-B/14": what the weights are of. */
  readonly label: string;
  /** Files that will do, the preferred one first; any one of them is enough. */
  readonly files: readonly HubFile[];
  /** Bytes of the preferred file that are here already. */
  readonly keptBytes: number;
}

export type WeightsEvent =
  | {
      readonly type: "progress";
      readonly key: string;
      readonly doneBytes: number;
      readonly allBytes: number;
      /** Of the last seconds; 0 while waiting for the hub. */
      readonly bytesPerSecond: number;
    }
  | { readonly type: "checking"; readonly key: string }
  /** A problem that was repaired: a broken connection, a damaged chunk. */
  | { readonly type: "warning"; readonly key: string; readonly failure: Failure };

/** Stored weights as the storage meter shows them. */
export interface WeightsSummary {
  readonly key: string;
  readonly repo: string;
  readonly file: string;
  /** The commit the file was read at; null for a file of the user's own. */
  readonly commit: string | null;
  readonly bytes: number;
  readonly complete: boolean;
  readonly precision: "stored" | "float16";
  /** Relative RMS error over all weights and the largest absolute one; null where nothing was rounded. */
  readonly rounding: { readonly relativeRms: number; readonly largest: number } | null;
  /** True when the SHA-256 of the whole file is the hub's. */
  readonly verified: boolean;
  readonly licence: Licence;
}

export interface WeightsOptions {
  /** Round float32 weights to float16 when they are stored: half the storage. */
  readonly float16: boolean;
}

export interface WeightsApi {
  /**
   * Fetches one file; goes on where an earlier call was cut. CANCELLED after `cancelDownload`: what is here is kept.
   */
  downloadWeights(
    file: HubFile,
    options: WeightsOptions,
    onEvent: (event: WeightsEvent) => void,
  ): Promise<Outcome<WeightsSummary>>;
  cancelDownload(): Promise<void>;
  /** Takes a safetensors file the user picked or dropped in place of a download. */
  importWeights(
    file: HubFile,
    picked: File,
    options: WeightsOptions,
    onEvent: (event: WeightsEvent) => void,
  ): Promise<Outcome<WeightsSummary>>;
  storedWeights(): Promise<Outcome<readonly WeightsSummary[]>>;
  deleteWeights(key: string): Promise<Outcome<null>>;
}
