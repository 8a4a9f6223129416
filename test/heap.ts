/** Bytes of live JavaScript objects here, after a full collection; in Node and in Chromium. */
export async function liveHeapBytes(): Promise<number> {
  return typeof document === "undefined" ? nodeHeap() : chromiumHeap();
}

async function nodeHeap(): Promise<number> {
  const [v8, vm] = await Promise.all([import("node:v8"), import("node:vm")]);
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  collect();
  await new Promise((resolve) => setTimeout(resolve, 50)); // finalizers of the first collection free more
  collect();
  return process.memoryUsage().heapUsed;
}

async function chromiumHeap(): Promise<number> {
  const { cdp } = await import("vitest/browser");
  const session = cdp() as unknown as {
    send: (method: string) => Promise<{ readonly usedSize: number }>;
  };
  await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}
