import type { FeatureSpaceId } from "../catalogue/featureSpaces";
import type { EncoderId, Experiment } from "../config/experiment";
import type { Failure } from "../errors/studioError";
import type { DatasetsApi } from "./datasets";
import type { PreviewsApi } from "./previews";
import type { BackendChoice, DeviceReport, Outcome } from "./shared";
import type { WeightsApi, WeightsNeeded } from "./weights";

/** Which caches a run needs. Everything that decides their bytes is in here. */
export interface CacheRequest {
  readonly data: Experiment["data"];
  readonly autoencoder: Experiment["autoencoder"];
  /** Side of the token grid the features must have (the model's). */
  readonly grid: number;
  readonly encoders: readonly EncoderId[];
  /** Where samples will be measured: its network is needed even when its cache is full. */
  readonly space?: FeatureSpaceId | undefined;
  readonly backend: BackendChoice;
  /**
   * Images that are asked for, as numbers from the first (included) to the last (not included); absent, all. A run that
   * was started on a part of its data needs no more.
   */
  readonly ranges?: readonly (readonly [first: number, last: number])[] | undefined;
}

/** Images by the side of the hold-out they are on. */
export interface ImageCounts {
  readonly train: number;
  readonly heldOut: number;
}

/** What a request will download, compute and store. The page shows it before anything starts. */
export interface CacheCostEstimate {
  readonly images: number;
  readonly items: readonly CacheCostItem[];
  /** Published weights that have to be fetched first; empty when everything is here. */
  readonly weights: readonly WeightsNeeded[];
}

export interface CacheCostItem {
  readonly label: string;
  readonly bytes: number;
  readonly cachedBytes: number;
  /** How long the rest will take at the rate measured on this device before; null when it never was. */
  readonly seconds: number | null;
}

export type CacheEvent =
  | { readonly type: "device"; readonly device: DeviceReport }
  | {
      readonly type: "progress";
      /** What is being computed, for example "Latents (tiny-kl), Features (tiny-vit, 8x8)". */
      readonly label: string;
      /** Images done: the mean over all caches, which are filled side by side. */
      readonly done: number;
      /**
       * Images that are in every cache: a run may start on these if they are enough (`leastImages`). None while a part is
       * filled: it is wanted whole.
       */
      readonly ready: ImageCounts;
      readonly total: number;
      /** Through all the caches that are filled. */
      readonly imagesPerSecond: number;
    }
  /** A shard whose checksum failed was thrown away and is computed again. */
  | { readonly type: "repaired"; readonly label: string; readonly shard: number }
  /** A problem that was repaired, for example a lost device that was replaced. */
  | { readonly type: "warning"; readonly failure: Failure };

export interface CachesApi {
  /** Computes and downloads nothing. */
  costEstimate(request: CacheRequest): Promise<Outcome<CacheCostEstimate>>;
  /** Fills what is missing, shard by shard; a second call goes on where the first was cancelled or killed. */
  prepare(request: CacheRequest, onEvent: (event: CacheEvent) => void): Promise<Outcome<null>>;
  /** Stops after the shard in flight; `prepare` then fails with CANCELLED. */
  cancel(): Promise<void>;
}

/** All the features worker does: it alone reads images, holds frozen networks and fetches. */
export type FeaturesApi = CachesApi & WeightsApi & DatasetsApi & PreviewsApi;
