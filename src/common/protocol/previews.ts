import type { EncoderId, Experiment } from "../config/experiment";
import type { BackendChoice, DeviceReport, Outcome } from "./shared";

/** Square uint8 RGB pictures [count, side, side, 3], one after the other. */
export interface PictureStrip {
  readonly side: number;
  readonly rgb: Uint8Array;
}

/** Images of a data set for the browser of the Data view. */
export interface ImagePage {
  /** Image numbers, in the order of `pictures`. */
  readonly images: readonly number[];
  readonly labels: readonly number[];
  /** Which of them are held out. */
  readonly heldOut: readonly boolean[];
  readonly pictures: PictureStrip;
  /** Images that match, in all. */
  readonly total: number;
  readonly classNames: readonly string[];
}

/** One encoder's tokens of some images, seen: principal components as colours, and how spatial they are. */
export interface FeatureMaps {
  readonly encoder: EncoderId;
  /** Side of the token grid. */
  readonly grid: number;
  /** The three largest principal components over all tokens of the images as red, green and blue; side = grid. */
  readonly maps: PictureStrip;
  /** Share of the variance the three components hold. */
  readonly explained: number;
  /** src/engine/metrics/spatialScore.ts: mean similarity of near token pairs less that of distant ones. */
  readonly spatialScore: number;
  readonly near: number;
  readonly distant: number;
  readonly imageCount: number;
  /** Images encoded in a second, first ones included. */
  readonly imagesPerSecond: number;
}

export interface FeatureMapsRequest {
  readonly data: Experiment["data"];
  readonly encoder: EncoderId;
  readonly grid: number;
  readonly images: readonly number[];
  readonly backend: BackendChoice;
}

export interface PreviewsApi {
  /** `label` null shows every class. */
  imagePage(
    data: Experiment["data"],
    query: { readonly label: number | null; readonly first: number; readonly count: number },
  ): Promise<Outcome<ImagePage>>;
  /** Encodes the images now (nothing is cached); WEIGHTS_MISSING when the encoder is not here. */
  featureMaps(
    request: FeatureMapsRequest,
    onDevice: (device: DeviceReport) => void,
  ): Promise<Outcome<FeatureMaps>>;
}
