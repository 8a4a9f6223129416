import type { Outcome } from "./shared";
import type { LayerAlignment, SampleQuality } from "./trainer";

/** Row-major features [count, width]; float32 on the wire, float64 in the metrics. */
export interface FeatureRows {
  readonly values: Float32Array;
  readonly count: number;
  readonly width: number;
}

export interface MetricsApi {
  /** Sets the real side of the sample metrics: basis, floors and the real kernel sums are computed once. */
  setReference(space: string, real: FeatureRows, seed: number): Promise<Outcome<null>>;
  /** KID and top-component Fréchet of generated features against the reference. */
  sampleQuality(step: number, generated: FeatureRows): Promise<Outcome<SampleQuality>>;
  /** CKNNA, CKA and mutual k-NN of each layer against the target; rows are the same images. */
  layerAlignment(request: {
    readonly step: number;
    readonly encoder: string;
    readonly layers: readonly FeatureRows[];
    readonly target: FeatureRows;
    readonly k: number;
    readonly time: number;
    readonly seed: number;
  }): Promise<Outcome<LayerAlignment>>;
}

/** What the metrics worker itself offers the page: a line over which the trainer then speaks MetricsApi. */
export interface MetricsHost {
  connect(port: MessagePort): Promise<void>;
}
