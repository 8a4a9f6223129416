/** Types every worker's interface uses. Types only: both halves compile against them. */
import type { Failure } from "../errors/studioError";

/** `auto` takes WebGPU when there is an adapter and the labelled slow mode (wasm, then cpu) when not. */
export type BackendChoice = "auto" | "webgpu" | "wasm" | "cpu";
export type BackendName = "webgpu" | "wasm" | "cpu";

/** Something that failed the self-check at a start, and how: "off by 0.8". */
export interface FailedCheck {
  readonly name: string;
  readonly reason: string;
}

/** Findings of the self-check at a start. Kernels that failed are not used. */
export interface SelfCheckFailures {
  /** Tiles of matrix products that are quicker than the one in use. */
  readonly tiles: readonly FailedCheck[];
  /** What is wrong with float16 products; absent when they agree and where the device has none. */
  readonly float16?: string;
  /** Operations that run on tfjs' own kernels instead. */
  readonly operations: readonly FailedCheck[];
}

/** Why a device is slow. */
export type SlowReason =
  /** The address asks for a CPU backend. */
  | { readonly kind: "asked" }
  /** The browser has no WebGPU, or the page is not served securely. */
  | { readonly kind: "noWebGpu" }
  | { readonly kind: "noAdapter" }
  /** WebGPU's only adapter computes on the CPU. */
  | { readonly kind: "software"; readonly adapter: string }
  /** WebGPU is there and did not start. */
  | { readonly kind: "failed"; readonly failure: Failure };

/**
 * The device a worker computes on, shown beside every timing. Runs stored by earlier versions lack the optional fields.
 */
export interface DeviceReport {
  readonly backend: BackendName;
  /** Vendor, architecture and description of the adapter as the browser gives them, or the CPU mode's name. */
  readonly adapter: string;
  /** True when the adapter is a software one or there is none: correct, but slow. */
  readonly slow: boolean;
  /** Present where `slow` is true. */
  readonly slowBecause?: SlowReason;
  /** Why WebAssembly is not what this computes on, where it was tried. */
  readonly wasmFailure?: Failure;
  /** Whether matrix products can multiply in float16: the device feature shader-f16, and kernels that agree. */
  readonly float16: boolean;
  /** Tiles of matrix products in use, for example "register 16x8 dots"; on WebGPU alone. */
  readonly tile?: string;
  /** Present where something failed. */
  readonly selfCheck?: SelfCheckFailures;
  /** WebGPU's limits on a buffer and on the part of one a shader sees; absent on the CPU. */
  readonly maxBufferBytes?: number;
  readonly maxBindingBytes?: number;
}

/** A call that may fail returns this instead of throwing: Comlink loses an error's code and hint. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };
