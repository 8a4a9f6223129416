import type { GpuCounts } from "../../../src/engine/bench/gpuCounters";
import type { KernelTime, StepResult } from "../../../src/engine/bench/variant";

/** How the step's products are computed: ours in "float16" add up in float32, PyTorch's "bfloat16" is autocast. */
export type StepPrecision = "float32" | "tf32" | "float16" | "bfloat16";

export type Losses = StepResult["losses"];

/** What is known of a variant once it has done its first steps. */
export interface StartFigures {
  /** Compiling ahead of the first step; null where that is part of the first step. */
  readonly compileMs: number | null;
  readonly firstStepMs: number;
  /** GPU memory it holds, in bytes; null when the library does not tell. */
  readonly memoryBytes: number | null;
  /** Of the first WARM_UP steps. */
  readonly losses: readonly Losses[];
  /** How the matrix products are tiled; null when that is the library's matter. */
  readonly tuning: string | null;
  /** Calls of a step; null where they cannot be counted. */
  readonly gpu: GpuCounts | null;
}

export interface OpenedContestant {
  readonly start: StartFigures;
  /** Steps one after another; times are a step's, `hostMs` is the part until control returned. */
  readonly burst: (
    steps: number,
  ) => Promise<{ readonly ms: number; readonly hostMs: number; readonly losses: Losses }>;
  /** GPU time by kernel of a step that is encoded anew; to be asked last. */
  readonly kernelTimes?: () => Promise<readonly KernelTime[]>;
  readonly close: () => Promise<void>;
}

/** One way of doing the same step, ours, tfjs' or PyTorch's. */
export interface Contestant {
  readonly id: string;
  readonly label: string;
  readonly library: "studio" | "tfjs" | "torch";
  readonly precision: StepPrecision;
  /**
   * Opens it and does its first steps.
   * @param limitMs what can be ended by force ends after this
   * @throws anything; the message is what the table says
   */
  readonly open: (limitMs: number) => Promise<OpenedContestant>;
}

/** First steps of a variant: the first compiles, the second records, the third replays. */
export const WARM_UP = 3;
