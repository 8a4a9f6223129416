import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { internalError } from "./internalError";

/** A tensor's memory: its id in the C++ part, and its first byte in the heap. */
export interface WasmData {
  readonly id: number;
  readonly memoryOffset: number;
}

/** The parts of tfjs' BackendWasm (4.22) used here; the package does not export its type. */
export interface WasmBackend {
  readonly wasm: {
    cwrap: (name: string, result: null, types: readonly string[]) => (...values: unknown[]) => void;
    readonly _malloc: (bytes: number) => number;
    readonly _free: (address: number) => void;
    /** The memory: the threaded binary is given it, the others export it. */
    readonly wasmMemory?: WebAssembly.Memory;
    readonly asm: { readonly memory: WebAssembly.Memory };
    readonly tfjs: {
      registerTensor: (id: number, size: number, memoryOffset: number) => void;
      disposeData: (id: number) => void;
    };
  };
  readonly dataIdMap: { get: (dataId: object) => WasmData };
  dataIdNextNumber: number;
  makeOutput: (shape: readonly number[], dtype: TensorInfo["dtype"]) => TensorInfo;
  /** A view of the heap: take it after the last allocation, which may move the memory. */
  typedArrayFromHeap: (info: TensorInfo) => Float32Array | Int32Array | Uint8Array;
  incRef: (dataId: object) => void;
  disposeData: (dataId: object) => void;
}

/** Another tensor on the same memory, as tfjs' own Reshape makes it. */
export function sharing(backend: WasmBackend, x: TensorInfo, shape: readonly number[]): TensorInfo {
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: [...shape], dtype: x.dtype };
}

/** Operands and attributes of the kernels that are replaced, as tfjs 4.22 passes them. */
interface Signatures {
  readonly BatchMatMul: {
    readonly inputs: { readonly a: TensorInfo; readonly b: TensorInfo };
    readonly attrs: { readonly transposeA: boolean; readonly transposeB: boolean };
  };
  readonly Slice: {
    readonly inputs: { readonly x: TensorInfo };
    readonly attrs: {
      readonly begin: number | readonly number[];
      readonly size: number | readonly number[];
    };
  };
  readonly Transpose: {
    readonly inputs: { readonly x: TensorInfo };
    readonly attrs: { readonly perm: readonly number[] };
  };
  readonly Identity: { readonly inputs: { readonly x: TensorInfo }; readonly attrs: unknown };
}

export type KernelName = keyof Signatures;
export type AttrsOf<Name extends KernelName> = Signatures[Name]["attrs"];
type Call = Parameters<KernelFunc>[0];

/** A kernel that takes the place of tfjs' own of this name. */
export interface Replacement {
  readonly kernelName: KernelName;
  readonly kernelFunc: KernelFunc;
}

/**
 * A kernel for tfjs' registry from one with typed operands. The registry types operands and attributes as any record,
 * and the backend as any object.
 * @param kernel is also given the call as tfjs made it, to hand it on
 */
export const replacement = <Name extends KernelName>(
  kernelName: Name,
  kernel: (
    backend: WasmBackend,
    inputs: Signatures[Name]["inputs"],
    attrs: AttrsOf<Name>,
    call: Call,
  ) => ReturnType<KernelFunc>,
): Replacement => ({
  kernelName,
  kernelFunc: (call) =>
    kernel(
      call.backend as WasmBackend,
      call.inputs as Signatures[Name]["inputs"],
      call.attrs,
      call,
    ),
});

/** The output of a kernel that has one. */
export function onlyOutput(outputs: ReturnType<KernelFunc>): TensorInfo {
  if (!Array.isArray(outputs)) return outputs;
  throw internalError(`A kernel gave ${outputs.length} outputs where one was expected.`);
}
