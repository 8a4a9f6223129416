import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { hasRoom, type AllocatingDevice } from "./deviceRoom";

beforeAll(() => void vi.stubGlobal("GPUBufferUsage", { STORAGE: 128 }));
afterAll(() => void vi.unstubAllGlobals());

/** A device of so much memory, whose buffers are at most `most` bytes, and what of it is in use. */
function deviceOf(memory: number, most: number) {
  const use = { held: 0, largest: 0 };
  let fault: GPUError | null = null;
  const device: AllocatingDevice = {
    limits: { maxBufferSize: most },
    createBuffer: ({ size }) => {
      use.held += size;
      use.largest = Math.max(use.largest, size);
      if (use.held > memory) fault = { message: "out of memory" };
      return { destroy: () => void (use.held -= size) } as unknown as GPUBuffer;
    },
    pushErrorScope: () => undefined,
    popErrorScope: () => Promise.resolve(fault),
  };
  return { device, use };
}

test("a device is asked in pieces it allows, and given back what it gave", async () => {
  const { device, use } = deviceOf(4e9, 1e8);
  expect(await hasRoom(device, 3e9 + 1)).toBe(true);
  expect(await hasRoom(device, 5e9)).toBe(false);
  expect(use).toEqual({ held: 0, largest: 1e8 });
});
