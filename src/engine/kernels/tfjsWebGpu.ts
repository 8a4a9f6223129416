import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { BackendValues, DataType, KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";

/** Where tfjs keeps a tensor's bytes; `pool`, `offset` and `parent` are ours. */
export interface TensorData {
  values: BackendValues | null | undefined;
  readonly dtype: DataType;
  readonly shape: number[];
  refCount: number;
  resource?: GPUBuffer | null;
  /** The buffer is of no pool: it is not released with the tensor. */
  external?: boolean;
  /** The pool the buffer is from; absent where tfjs took it without telling: from its own. */
  pool?: BufferPool;
  /** First byte in the buffer. */
  offset?: number;
  /** The tensor whose buffer this one is a part of. */
  parent?: object;
}

export interface BufferPool {
  readonly numBytesUsed: number;
  numBytesAllocated: number;
  numFreeBuffers: number;
  /** Buffers nobody uses, by size and usage; a key that was there must stay. */
  readonly freeBuffers: ReadonlyMap<string, GPUBuffer[]>;
  acquireBuffer: (
    size: number,
    usage: number,
    mappedAtCreation?: boolean,
    reuse?: boolean,
  ) => GPUBuffer;
  releaseBuffer: (buffer: GPUBuffer, reuse?: boolean) => void;
  dispose: () => void;
}

/** The part of a compute pass that tfjs uses. */
export type PassEncoder = Pick<
  GPUComputePassEncoder,
  "setPipeline" | "setBindGroup" | "dispatchWorkgroups" | "end"
>;

export interface UniformField {
  readonly type: string;
  data: number[];
}

/** The parts of tfjs' WebGPUBackend (4.22) used here; its declaration makes most of them private. */
export interface TfjsWebGpuBackend extends KernelBackend {
  bufferManager: BufferPool;
  readonly device: GPUDevice;
  readonly queue: GPUQueue;
  readonly tensorMap: { has: (id: object) => boolean; get: (id: object) => TensorData };
  readonly pipelineCache: Record<string, GPUComputePipeline | Promise<GPUComputePipeline>>;
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: PassEncoder | null;
  commandQueueOwnedIds: WeakSet<object>;
  dispatchCountInPass: number;
  uniformPendingDisposal: GPUBuffer[];
  makeTensorInfo(shape: number[], dtype: DataType): TensorInfo;
  uploadToGPU(dataId: object): void;
  releaseResource(dataId: object): void;
  submitQueue(): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  makeUniforms(fields: UniformField[]): { offset: number; size: number; buffer: GPUBuffer };
  tensorToBinding(tensor: TensorInfo | null): GPUBindingResource | null;
  disposeData(dataId: object, force?: boolean): boolean;
  read(dataId: object): Promise<BackendValues>;
  memory(): { numBytesInGPU: number; numBytesAllocatedInGPU: number; unreliable: boolean };
}

/** tfjs' class under the type of what is used of it. */
export const TfjsWebGpu = WebGPUBackend as unknown as new (
  device: GPUDevice,
  info?: GPUAdapterInfo,
) => TfjsWebGpuBackend;
