/** What one step reports. */
export interface StepResult {
  /** Velocity loss, alignment loss and gradient norm before clipping. */
  readonly losses: readonly [velocity: number, alignment: number, gradNorm: number];
  /** The time JavaScript ran before it first gave the thread back, in ms: the page's or worker's own cost. */
  readonly jsMs: number;
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
  readonly dispose: () => void;
  /** GPU milliseconds by kernel of the last step, where the device has timestamps. */
  readonly kernelTimes?: () => Promise<readonly KernelTime[]>;
}

export interface KernelTime {
  readonly name: string;
  readonly ms: number;
  readonly calls?: number;
}
