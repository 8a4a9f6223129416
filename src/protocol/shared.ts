/** Types every worker's interface uses. Types only: both halves compile against them. */
import type { Failure } from "../errors/studioError";

/** `auto` takes WebGPU when there is an adapter and the labelled slow mode (wasm, then cpu) when not. */
export type BackendChoice = "auto" | "webgpu" | "wasm" | "cpu";
export type BackendName = "webgpu" | "wasm" | "cpu";

/** What a worker computes on; shown beside every timing. */
export interface DeviceReport {
  readonly backend: BackendName;
  /** Vendor, architecture and description of the adapter as the browser gives them, or the CPU mode's name. */
  readonly adapter: string;
  /** True when the adapter is a software one or there is none: correct, but slow. */
  readonly slow: boolean;
  /** Whether matrix products can multiply in float16 (the device feature shader-f16, and kernels that are trusted). */
  readonly float16: boolean;
  /** Operations whose fused kernels failed the self-check; when there are any, all of them are off. */
  readonly distrusted?: readonly string[];
  /** WebGPU's limits on a buffer and on the part of one a shader sees; absent on the CPU. */
  readonly maxBufferBytes?: number;
  readonly maxBindingBytes?: number;
}

/** A call that may fail answers with this instead of throwing: Comlink loses an error's code and hint. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };
