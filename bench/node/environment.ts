import type { GpuClasses } from "../../src/engine/bench/gpuCounters";
import type { SuiteEnvironment } from "../suite";
import { ROOT } from "../../scripts/setup.mjs";
import { checkoutDawn, startDawn } from "../../scripts/node/dawn";
import { startWasmInNode } from "./wasm";

/** Node with Dawn on the named Vulkan driver. */
export async function nodeEnvironment(adapter: string): Promise<SuiteEnvironment> {
  const gpu = await startDawn(adapter, checkoutDawn(ROOT));
  return {
    gpu,
    gpuClasses: globalThis as unknown as GpuClasses,
    startWasm: startWasmInNode,
    clockMs: () => performance.now(),
    heapBytes: () => process.memoryUsage().heapUsed,
    report: (line) => console.error(line),
  };
}
