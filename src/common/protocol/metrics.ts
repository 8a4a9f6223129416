import type { ProbeFigures, SampleResult } from "./analysis";
import type { Outcome } from "./shared";
import type { LayerAlignment, SampleQuality } from "./trainer";

/** A measurement made now has every metric there is; a stored one may be older than some. */
type Whole<M> = Required<M>;

/** Row-major features [count, width]; float32 on the wire, float64 in the metrics. */
export interface FeatureRows {
  readonly values: Float32Array;
  readonly count: number;
  readonly width: number;
}

/** One side of the sample metrics: pooled features, and what a space has beside them. Rows are the same images. */
export interface SpaceFeatures {
  readonly pooled: FeatureRows;
  /** Features at positions, for the sFID. */
  readonly spatial?: FeatureRows;
  /** A classifier's logits, for the inception score. */
  readonly logits?: FeatureRows;
}

/** Features with the class of each row, 0 to classCount - 1. */
export interface LabelledRows {
  readonly features: FeatureRows;
  readonly labels: Int32Array;
}

/** Progress of a call, in units of its own, a few times a second at most. Pass a proxy. */
export type OnProgress = (done: number, all: number) => void;

export interface ProbeRequest {
  readonly train: LabelledRows;
  readonly test: LabelledRows;
  readonly classCount: number;
  readonly epochs: number;
  readonly seed: number;
}

/** Tokens as colours, for the pictures of one map. */
export interface TokenMaps {
  /** uint8 RGB [images, grid, grid, 3]: the three largest principal components over all tokens. */
  readonly rgb: Uint8Array;
  readonly spatialScore: number;
}

/**
 * One connection to the metrics worker. Its calls run one after the other; those of two connections take turns,
 * and each has its own reference.
 */
export interface MetricsApi {
  /** Sets the real side of the sample metrics: basis, floors and the real kernel sums are computed once. */
  setReference(space: string, real: FeatureRows, seed: number): Promise<Outcome<null>>;
  /** KID and top-component Fréchet of generated features against the reference. */
  sampleQuality(step: number, generated: FeatureRows): Promise<Outcome<Whole<SampleQuality>>>;
  /** CKNNA, CKA and mutual k-NN of each layer against the target; rows are the same images. */
  layerAlignment(
    request: {
      readonly step: number;
      readonly encoder: string;
      readonly layers: readonly FeatureRows[];
      readonly target: FeatureRows;
      readonly k: number;
      readonly time: number;
      readonly seed: number;
    },
    onProgress?: OnProgress,
  ): Promise<Outcome<Whole<LayerAlignment>>>;
  /** Linear probe and k-NN of one feature set. */
  probe(request: ProbeRequest, onProgress?: OnProgress): Promise<Outcome<ProbeFigures>>;
  /** `setReference` for `sampleBattery`, which wants more of the real side. */
  setBatteryReference(
    real: SpaceFeatures,
    seed: number,
    onProgress?: OnProgress,
  ): Promise<Outcome<null>>;
  /** Every sample metric of generated features against the battery's reference. */
  sampleBattery(
    generated: SpaceFeatures,
    onProgress?: OnProgress,
  ): Promise<Outcome<Omit<SampleResult, "kind" | "space">>>;
  /** Principal components of patch tokens [images x grid², width] as colours, and how spatial they are. */
  tokenMaps(
    tokens: FeatureRows,
    grid: number,
    onProgress?: OnProgress,
  ): Promise<Outcome<TokenMaps>>;
  /** Ends every call under way on this line, and those waiting, with CANCELLED. */
  cancel(): Promise<void>;
  /** Resolves at the next pause of whatever is computed: the worker is there. */
  ping(): Promise<void>;
}

/** The page's interface to the metrics worker. It connects trainer and analysis, which then call MetricsApi. */
export interface MetricsHost {
  connect(port: MessagePort): Promise<void>;
}
