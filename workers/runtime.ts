import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgpu";
import { StudioError, toFailure } from "../src/common/errors/studioError";
import { registerWasmKernels, startWasmThreads, wasmThreads } from "../src/engine/kernels/wasm";
import { guardWasmHeap } from "../src/engine/kernels/wasmHeap";
import type { StartThread } from "../src/engine/kernels/wasmPool";
import type { DeviceReport, SlowReason } from "../src/common/protocol/shared";
import type { SessionEnvironment } from "../src/sessions/common/environment";
import { startWebGpu, type StartedWebGpu, type WebGpuPlaces } from "./startWebGpu";
import { useBackend } from "./useBackend";

/** What a start of tfjs needs from its caller: a browser's worker, or Node with Dawn. */
export interface RuntimePlaces extends WebGpuPlaces {
  /** Where tfjs' wasm binaries are: a folder with its last slash, or an address for each. */
  readonly wasmPaths: Parameters<typeof setWasmPaths>[0];
  /** Threads that compute on wasm; absent: one. */
  readonly wasmThreads?: WasmThreads;
}

/** How wasm gets threads. */
export interface WasmThreads {
  /** Threads that compute, the calling one included. */
  readonly count: number;
  /** Runs `start`, which starts the wasm backend, so that its memory can be shared. */
  readonly during: (start: () => Promise<void>) => Promise<void>;
  readonly startThread: StartThread;
}

const PROBE_SIDE = 384;
const PROBE_ROUNDS = 3;

/**
 * Starts the wasm backend with this project's threads (wasmPool.ts). tfjs' own stay at one: theirs wait for each other at
 * every kernel, so that beside other programs they are slower than one alone.
 * @returns why it has one thread where more were wanted
 */
export async function openWasm(threads: WasmThreads | undefined): Promise<string | undefined> {
  const start = () => useBackend("wasm");
  setThreadsCount(1);
  if (!threads || threads.count === 1) return start().then(() => undefined);
  try {
    await threads.during(start);
    await startWasmThreads(threads.count - 1, threads.startThread);
    return undefined;
  } catch (thrown) {
    await start();
    return toFailure(thrown).message;
  }
}

async function startWasm(
  { wasmPaths, wasmThreads: wanted }: RuntimePlaces,
  slowBecause: SlowReason,
): Promise<DeviceReport> {
  setWasmPaths(wasmPaths);
  registerWasmKernels();
  const problem = await openWasm(wanted);
  guardWasmHeap();
  const threads = wasmThreads();
  const features = [
    (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) ? "SIMD" : "no SIMD",
    threads > 1 ? `threads: ${threads}` : "one thread",
    ...(problem === undefined ? [] : [`threads did not start: ${problem}`]),
  ];
  const adapter = `CPU (WebAssembly, ${features.join(", ")})`;
  return { backend: "wasm", adapter, slow: true, slowBecause, float16: false };
}

async function startCpu(slowBecause: SlowReason): Promise<DeviceReport> {
  await useBackend("cpu");
  return { backend: "cpu", adapter: "CPU (JavaScript)", slow: true, slowBecause, float16: false };
}

/** Milliseconds of a few matrix products on the current backend, after one to warm up. */
async function probeMs(clockMs: () => number): Promise<number> {
  const round = async () => {
    const y = tf.tidy(() =>
      tf.matMul(tf.ones([PROBE_SIDE, PROBE_SIDE]), tf.ones([PROBE_SIDE, PROBE_SIDE])),
    );
    await y.data();
    y.dispose();
  };
  await round();
  const start = clockMs();
  for (let i = 0; i < PROBE_ROUNDS; i++) await round();
  return clockMs() - start;
}

/** A device, with the time of a probe where it is a slow one; or the reason why there is none. */
type Tried =
  | { readonly gpu: StartedWebGpu; readonly slowMs: number }
  | { readonly gpu: undefined; readonly reason: SlowReason };

async function tryWebGpu(places: RuntimePlaces, lostBefore = false): Promise<Tried> {
  let gpu: StartedWebGpu | undefined;
  try {
    gpu = await startWebGpu(places);
    if (!gpu) return { gpu, reason: { kind: places.gpu() ? "noAdapter" : "noWebGpu" } };
    return { gpu, slowMs: gpu.report.slow ? await probeMs(places.clockMs) : 0 };
  } catch (thrown) {
    gpu?.close();
    const failure = toFailure(thrown);
    // a driver that was reset works again: try once more
    if (failure.code === "DEVICE_LOST" && !lostBefore) return tryWebGpu(places, true);
    return { gpu: undefined, reason: { kind: "failed", failure } };
  }
}

async function startWithoutGpu(places: RuntimePlaces, reason: SlowReason): Promise<DeviceReport> {
  try {
    return await startWasm(places, reason);
  } catch (thrown) {
    return { ...(await startCpu(reason)), wasmFailure: toFailure(thrown) };
  }
}

/** A software adapter where it is faster than wasm in a measured product. */
async function startQuicker(
  places: RuntimePlaces,
  { report, tell, close }: StartedWebGpu,
  gpuMs: number,
  onLost: (failure: StudioError) => void,
): Promise<DeviceReport> {
  const onWebGpu = async () => {
    await useBackend("webgpu");
    tell(onLost);
    return report;
  };
  try {
    const wasm = await startWasm(places, { kind: "software", adapter: report.adapter });
    if (gpuMs < (await probeMs(places.clockMs))) return await onWebGpu();
    close();
    return wasm;
  } catch (thrown) {
    return { ...(await onWebGpu()), wasmFailure: toFailure(thrown) };
  }
}

/** WebGPU when there is a real adapter, else the fastest backend there is; the report says why. */
async function startBest(
  places: RuntimePlaces,
  onLost: (failure: StudioError) => void,
): Promise<DeviceReport> {
  const tried = await tryWebGpu(places);
  if (!tried.gpu) return startWithoutGpu(places, tried.reason);
  const { gpu, slowMs } = tried;
  if (gpu.report.slow) return startQuicker(places, gpu, slowMs, onLost);
  gpu.tell(onLost);
  return gpu.report;
}

/**
 * Makes the function that starts tfjs on the wanted backend, with gradients and this project's kernels registered.
 * It calls `onLost` at most once a fault with DEVICE_LOST, GPU_ERROR or OUT_OF_MEMORY. When WebGPU is demanded it
 * throws StudioError NO_WEBGPU where there is no adapter, and otherwise what kept WebGPU from starting; BACKEND_FAILED
 * when tfjs stays on another backend.
 */
export const createRuntime =
  (places: RuntimePlaces): SessionEnvironment["startRuntime"] =>
  async (choice, onLost) => {
    tf.enableProdMode();
    switch (choice) {
      case "auto":
        return startBest(places, onLost);
      case "wasm":
        return startWasm(places, { kind: "asked" });
      case "cpu":
        return startCpu({ kind: "asked" });
      case "webgpu": {
        const gpu = await startWebGpu(places);
        if (gpu) {
          gpu.tell(onLost);
          return gpu.report;
        }
        throw new StudioError(
          "NO_WEBGPU",
          "This browser offers no WebGPU adapter.",
          "Use a current Chrome or Edge with hardware acceleration on, or choose the slow mode.",
        );
      }
    }
  };
