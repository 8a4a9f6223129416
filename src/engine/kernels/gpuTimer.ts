import { readBuffer } from "./tensorMemory";

/** GPU time of one dispatch. */
export interface KernelTime {
  readonly name: string;
  readonly ms: number;
}

/** Dispatches that are timed; WebGPU allows 4096 queries in a set, two a dispatch. */
const CAPACITY = 2048;
const QUERIES = 2 * CAPACITY;
/** A timestamp is a 64-bit number of nanoseconds. */
const STAMP_BYTES = BigUint64Array.BYTES_PER_ELEMENT;
const NANOSECONDS_A_MS = 1e6;

/** Times dispatches, each in a compute pass of its own. Needs the device feature timestamp-query. */
export class GpuTimer {
  private readonly names: string[] = [];
  private readonly querySet: GPUQuerySet;

  constructor(private readonly device: GPUDevice) {
    this.querySet = device.createQuerySet({ type: "timestamp", count: QUERIES });
  }

  /** How the pass of the next dispatch is begun. Dispatches past the capacity are not timed. */
  nextPass(): GPUComputePassDescriptor {
    const at = this.names.length;
    if (at >= CAPACITY) return {};
    return {
      timestampWrites: {
        querySet: this.querySet,
        beginningOfPassWriteIndex: 2 * at,
        endOfPassWriteIndex: 2 * at + 1,
      },
    };
  }

  /** The next dispatch was encoded. */
  dispatched(name: string): void {
    this.names.push(name);
  }

  /** The times in the order of the dispatches, 0 past the capacity; call once, after everything was submitted. */
  async read(): Promise<KernelTime[]> {
    const { device, querySet } = this;
    const size = QUERIES * STAMP_BYTES;
    const resolved = device.createBuffer({
      size,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    const encoder = device.createCommandEncoder();
    encoder.resolveQuerySet(querySet, 0, QUERIES, resolved, 0);
    device.queue.submit([encoder.finish()]);
    const stamps = new BigUint64Array(await readBuffer(device, resolved, 0, size));
    resolved.destroy();
    querySet.destroy();
    return this.names.map((name, i) => ({
      name,
      ms: Number((stamps[2 * i + 1] ?? 0n) - (stamps[2 * i] ?? 0n)) / NANOSECONDS_A_MS,
    }));
  }
}
