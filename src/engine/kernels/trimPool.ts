import type { BufferPool } from "./tfjsWebGpu";

/** Destroys the buffers of a pool that no tensor uses, which tfjs would keep for ever. */
export function trimPool(pool: BufferPool): void {
  for (const buffers of pool.freeBuffers.values()) {
    for (const buffer of buffers.splice(0)) {
      buffer.destroy();
      pool.numBytesAllocated -= buffer.size;
      pool.numFreeBuffers--;
    }
  }
}
