import type { EncoderId, Experiment } from "../config/experiment";
import type { Failure } from "../errors/studioError";
import type { BackendChoice, DeviceReport, Outcome } from "./shared";

/** Which caches a run needs. Everything that decides their bytes is in here. */
export interface CacheRequest {
  readonly data: Experiment["data"];
  readonly autoencoder: Experiment["autoencoder"];
  /** Side of the token grid the features must have (the model's). */
  readonly grid: number;
  readonly encoders: readonly EncoderId[];
  readonly backend: BackendChoice;
}

/** What a request will compute and store; shown before it starts. */
export interface CacheBill {
  readonly images: number;
  readonly items: readonly {
    readonly label: string;
    readonly bytes: number;
    readonly cachedBytes: number;
  }[];
}

export type CacheEvent =
  | { readonly type: "device"; readonly device: DeviceReport }
  | {
      readonly type: "progress";
      /** What is being computed, for example "Latents (tiny-kl)". */
      readonly label: string;
      readonly done: number;
      readonly total: number;
      readonly imagesPerSecond: number;
    }
  /** A shard whose checksum failed was thrown away and is computed again. */
  | { readonly type: "repaired"; readonly label: string; readonly shard: number }
  /** What went wrong and was mended, for example a device that was lost and replaced. */
  | { readonly type: "warning"; readonly failure: Failure };

export interface FeaturesApi {
  bill(request: CacheRequest): Promise<Outcome<CacheBill>>;
  /** Fills what is missing, shard by shard; a second call goes on where the first was cancelled or killed. */
  prepare(request: CacheRequest, onEvent: (event: CacheEvent) => void): Promise<Outcome<null>>;
  /** Stops after the shard in flight; `prepare` then answers CANCELLED. */
  cancel(): Promise<void>;
}
