import type { Outcome } from "./shared";

/** What is measured; what is left out is chosen for the adapter. */
export interface BenchRequest {
  /** Id of a workload of src/engine/bench/workloads. */
  readonly workload: string;
  /** Images a step. */
  readonly batch?: number;
  /** Timed steps of each variant. */
  readonly steps?: number;
}

/** Median, first and third quartile, least and largest of a series. */
export interface BenchSpread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly min: number;
  readonly max: number;
}

/** One way of doing the step. */
export interface BenchVariant {
  readonly id: string;
  readonly name: string;
  /** From the call to the losses on the CPU. */
  readonly stepMs: BenchSpread;
  /** How long JavaScript ran before it gave the thread back. */
  readonly jsMs: BenchSpread;
  /** With the compilation of every program. */
  readonly firstStepMs: number;
  /** Calls of the last step. */
  readonly gpu: {
    readonly dispatches: number;
    readonly submits: number;
    readonly buffersCreated: number;
    readonly bufferWrites: number;
    readonly bindGroups: number;
  } | null;
  readonly memory: { readonly gpuBytes: number | null; readonly tensors: number } | null;
  /** Velocity loss, alignment loss and gradient norm of every step. */
  readonly losses: readonly (readonly [number, number, number])[];
  /** Largest difference from the first variant's losses. */
  readonly difference: number;
  /** GPU time of one step, the longest first; null where it is not measured. */
  readonly kernels:
    | readonly { readonly name: string; readonly ms: number; readonly calls?: number }[]
    | null;
}

export interface BenchResult {
  readonly adapter: {
    readonly name: string;
    readonly features: readonly string[];
    readonly maxBufferSize: number;
  };
  /** Whether the adapter computes on the CPU. */
  readonly software: boolean;
  readonly workload: { readonly id: string; readonly description: string; readonly batch: number };
  readonly steps: number;
  readonly warmUp: number;
  /** Rates of large square products; the best is the measured peak. */
  readonly products: readonly {
    readonly name: string;
    readonly side: number;
    readonly gflops: number;
  }[];
  /** What a step cannot do without. */
  readonly floor: { readonly parameters: number; readonly flops: number; readonly bytes: number };
  readonly variants: readonly BenchVariant[];
  /** Errors of the devices. With any entry the figures are not valid. */
  readonly gpuErrors: readonly string[];
}

/** Where a measurement is; `all` is 0 while rounds have not begun. */
export interface BenchProgress {
  readonly text: string;
  readonly done: number;
  readonly all: number;
}

export interface BenchApi {
  /** Measures once; to cancel, end the worker. */
  run(
    request: BenchRequest,
    onProgress: (progress: BenchProgress) => void,
  ): Promise<Outcome<BenchResult>>;
}
