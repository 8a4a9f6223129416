/** Calls to the GPU during a step. */
export interface GpuCounts {
  readonly dispatches: number;
  readonly submits: number;
  readonly buffersCreated: number;
  readonly bufferWrites: number;
  readonly bindGroups: number;
}

type Count = keyof GpuCounts;

/** The API's classes; in Node they come from the package `webgpu`, in a browser they are global. */
export interface GpuClasses {
  readonly GPUDevice: { readonly prototype: GPUDevice };
  readonly GPUQueue: { readonly prototype: GPUQueue };
  readonly GPUComputePassEncoder: { readonly prototype: GPUComputePassEncoder };
}

export interface GpuCounter {
  /** Counts since the last `take`. */
  readonly take: () => GpuCounts;
  /** Puts the API's own methods back. */
  readonly restore: () => void;
}

const NONE: GpuCounts = {
  dispatches: 0,
  submits: 0,
  buffersCreated: 0,
  bufferWrites: 0,
  bindGroups: 0,
};

/** Counts the calls that any library in this thread makes to any device, until `restore`. */
export function countGpuCalls({
  GPUDevice,
  GPUQueue,
  GPUComputePassEncoder,
}: GpuClasses): GpuCounter {
  let counts = { ...NONE };
  const undo: (() => void)[] = [];
  const wrap = (prototype: object, method: string, count: Count) => {
    const original: unknown = Reflect.get(prototype, method);
    if (typeof original !== "function") return;
    const counted = function (this: unknown, ...args: unknown[]): unknown {
      counts[count]++;
      return Reflect.apply(original, this, args);
    };
    Reflect.set(prototype, method, counted);
    undo.push(() => Reflect.set(prototype, method, original));
  };
  wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroups", "dispatches");
  wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroupsIndirect", "dispatches");
  wrap(GPUQueue.prototype, "submit", "submits");
  wrap(GPUQueue.prototype, "writeBuffer", "bufferWrites");
  wrap(GPUDevice.prototype, "createBuffer", "buffersCreated");
  wrap(GPUDevice.prototype, "createBindGroup", "bindGroups");
  return {
    take: () => {
      const taken = counts;
      counts = { ...NONE };
      return taken;
    },
    restore: () => undo.forEach((put) => put()),
  };
}
