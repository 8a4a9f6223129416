import type { Summary } from "../../../src/engine/bench/statistics";
import type { KernelTime } from "../../../src/engine/bench/variant";
import type { Contestant, StartFigures } from "./contestant";
import type { Peak } from "./peaks";

/** A variant as it is written to the stage's file; what it did not come to is null. */
export interface VariantFigures extends Pick<Contestant, "id" | "label" | "library" | "precision"> {
  /** Why it has no figures, or none from some point on. */
  readonly problem?: string;
  readonly start: StartFigures | null;
  /** Steps of a burst. */
  readonly burstSteps: number | null;
  /** Milliseconds of a step within a burst, over the rounds. */
  readonly stepMs: Summary | null;
  /** Milliseconds of a step alone, from arrays on the host to its losses on the host. */
  readonly aloneMs: Summary | null;
  /** The host's part of a step in a burst: until control returned. */
  readonly hostMs: Summary | null;
  /** 10^9 operations a second in products, at the median. */
  readonly gflops: number | null;
  /** `gflops` over the best large product of this library and precision. */
  readonly share: number | null;
  /** GPU time by kernel of one step, the longest first. */
  readonly kernels: readonly KernelTime[] | null;
}

export interface WorkloadFigures {
  readonly id: string;
  readonly description: string;
  readonly batch: number;
  readonly parameters: number;
  /** Of a step's products. */
  readonly flops: number;
  readonly rounds: number;
  /** Whether PyTorch starts from the same numbers, so that its losses must agree. */
  readonly sameNumbers: boolean;
  readonly variants: readonly VariantFigures[];
}

export interface StepsFigures {
  readonly adapter: string;
  readonly software: boolean;
  /** Which PyTorch, or why none. */
  readonly torch: string;
  readonly peaks: readonly Peak[];
  readonly workloads: readonly WorkloadFigures[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}
