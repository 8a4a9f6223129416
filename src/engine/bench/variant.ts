/** What one step reports. */
export interface StepResult {
  /** Velocity loss, alignment loss and gradient norm before clipping. */
  readonly losses: readonly [velocity: number, alignment: number, gradNorm: number];
  /** Milliseconds JavaScript ran before it first returned to the event loop: the cost in the page or worker itself. */
  readonly jsMs: number;
}

/** Times of one step of a burst, on average. */
export interface BurstResult {
  /** From arrays on the host to the last step's losses, divided by the steps. */
  readonly ms: number;
  /** JavaScript's part: the time until it returned to the event loop. */
  readonly jsMs: number;
  /** Of the last step. */
  readonly losses: StepResult["losses"];
}

export interface MemoryUse {
  /** GPU bytes the backend holds, in use or pooled for the next step; null when it has no GPU. */
  readonly gpuBytes: number | null;
  /** Live tensors of tfjs, those of other variants included. */
  readonly tensors: number;
}

/**
 * One way of doing the same training step. Variants of a run start from the same values and get the same
 * batches; the harness steps them in turn.
 */
export interface Variant {
  readonly name: string;
  /** Puts global switches (backend, kernels, flags) as this variant needs them; not timed. */
  readonly prepare: () => Promise<void>;
  /** One full step, resolved when its losses are on the CPU, so that all of its work is done. */
  readonly step: () => Promise<StepResult>;
  /** Steps submitted one after another, a few of them in flight, as a training run does. */
  readonly burst?: (steps: number) => Promise<BurstResult>;
  /** Compiles what the first step needs, without computing anything. */
  readonly compile?: () => Promise<void>;
  readonly dispose: () => void;
  /** Asked after a step; absent when the library does not tell. */
  readonly memory?: () => MemoryUse;
  /** GPU milliseconds by kernel of the last step, where the device has timestamps. */
  readonly kernelTimes?: () => Promise<readonly KernelTime[]>;
}

export interface KernelTime {
  readonly name: string;
  readonly ms: number;
  readonly calls?: number;
}
