import type { TensorInfo } from "@tensorflow/tfjs-core";

/** What is known of a tensor's memory: its id in the C++ half, and its first byte in the heap. */
export interface WasmData {
  readonly id: number;
  readonly memoryOffset: number;
}

/** The parts of tfjs' BackendWasm (4.22) used here; the package does not export its type. */
export interface WasmBackend {
  readonly wasm: {
    cwrap: (name: string, result: null, types: readonly string[]) => (...values: unknown[]) => void;
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

/** Another tensor on the same memory, as the stock Reshape does it. */
export function sharing(backend: WasmBackend, x: TensorInfo, shape: readonly number[]): TensorInfo {
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: [...shape], dtype: x.dtype };
}
