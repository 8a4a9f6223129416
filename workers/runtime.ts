import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import { getThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgpu";
import { StudioError } from "../src/errors/studioError";
import { compareTunings } from "../src/kernels/chooseTuning";
import { createStudioBackend, isSoftwareAdapter, openDevice } from "../src/kernels/openDevice";
import { registerFusedKernels } from "../src/kernels/register";
import { FUSED_FLAG } from "../src/kernels/operation";
import { disagreements } from "../src/kernels/selfCheck";
import { currentStudioBackend } from "../src/kernels/studioBackend";
import { registerWasmKernels } from "../src/kernels/wasm";
import type { DeviceReport } from "../src/protocol/shared";
import { tuningFor } from "../src/sessions/tuning";
import type { SessionEnvironment } from "../src/sessions/environment";
import type { Database } from "../src/storage/db";

/** What tfjs is started on: a browser's worker or Node with Dawn. */
export interface RuntimePlaces {
  /** The WebGPU entry point; undefined where there is none. */
  readonly gpu: () => GPU | undefined;
  /** Where tfjs' wasm binaries are: a folder with its last slash, or an address for each. */
  readonly wasmPaths: Parameters<typeof setWasmPaths>[0];
  /** What was measured about an adapter is remembered there. */
  readonly openDatabase: () => Promise<Database>;
  /** A monotonic clock in milliseconds. */
  readonly clockMs: () => number;
}

const PROBE_SIDE = 384;
const PROBE_ROUNDS = 3;

async function use(backend: string): Promise<void> {
  // setBackend that fails answers false and leaves tf on another backend, silently: check both
  const chosen = await tf.setBackend(backend).catch(() => false);
  await tf.ready();
  if (!chosen || tf.getBackend() !== backend) {
    throw new StudioError(
      "BACKEND_FAILED",
      `The ${backend} backend did not start (tfjs is on "${tf.getBackend()}").`,
      "Reload the page, or choose another backend with ?backend=wasm in the address.",
    );
  }
}

/** Every uncaptured error is fatal: tfjs would go on with whatever a buffer held before. */
function watchDevice(device: GPUDevice, onLost: (failure: StudioError) => void): void {
  device.addEventListener("uncapturederror", ({ error }) => {
    const outOfMemory = error instanceof GPUOutOfMemoryError;
    onLost(
      new StudioError(
        outOfMemory ? "OUT_OF_MEMORY" : "GPU_ERROR",
        `The GPU reported: ${error.message}`,
        outOfMemory
          ? "Choose a smaller batch or model; the run resumes from its last checkpoint."
          : "Reload the page; the run resumes from its last checkpoint.",
      ),
    );
  });
  void device.lost.then(({ message }) =>
    onLost(
      new StudioError(
        "DEVICE_LOST",
        `The GPU device was lost (${message || "no reason given"}).`,
        "Press Resume: the run goes on from its last checkpoint on a new device.",
      ),
    ),
  );
}

/** Sets the tiles that are quickest on this adapter. Software adapters keep the default: compiling others takes seconds. */
async function tune(adapterName: string, places: RuntimePlaces): Promise<void> {
  const backend = currentStudioBackend();
  if (!backend) return;
  const measure = () => compareTunings(backend, places.clockMs);
  backend.tuning = (await tuningFor(adapterName, places.openDatabase, measure)) ?? backend.tuning;
}

/** Operations whose kernels compute something else on this device; then none is used: plain tfjs is slower and right. */
async function distrustedKernels(): Promise<string[]> {
  const names = (await disagreements()).map(({ operation }) => operation);
  if (names.length > 0) tf.env().set(FUSED_FLAG, false);
  return [...new Set(names)];
}

/** A device of our own under the studio's backend; a new one each time, because a lost one never comes back. */
async function startWebGpu(
  places: RuntimePlaces,
  onLost: (failure: StudioError) => void,
): Promise<DeviceReport | undefined> {
  const opened = await openDevice(places.gpu());
  if (!opened) return undefined;
  const { device, adapterName } = opened;
  watchDevice(device, onLost);
  if (tf.engine().registryFactory.webgpu !== undefined) tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", () => createStudioBackend(opened));
  registerFusedKernels();
  await use("webgpu");
  const slow = isSoftwareAdapter(adapterName);
  if (!slow) await tune(adapterName, places); // before the self-check, so that it meets the tiles that are used
  // the tests of this project run on software adapters: only others have to show what they compute
  const distrusted = slow ? [] : await distrustedKernels();
  return {
    backend: "webgpu",
    adapter: adapterName,
    slow,
    float16: device.features.has("shader-f16") && distrusted.length === 0,
    distrusted,
    maxBufferBytes: device.limits.maxBufferSize,
    maxBindingBytes: device.limits.maxStorageBufferBindingSize,
  };
}

async function startWasm({ wasmPaths }: RuntimePlaces): Promise<DeviceReport> {
  setWasmPaths(wasmPaths);
  registerWasmKernels();
  await use("wasm");
  const features = [
    (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) ? "SIMD" : "no SIMD",
    (await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT"))
      ? `threads: ${getThreadsCount()}`
      : "one thread",
  ];
  const adapter = `CPU (WebAssembly, ${features.join(", ")})`;
  return { backend: "wasm", adapter, slow: true, float16: false };
}

async function startCpu(): Promise<DeviceReport> {
  await use("cpu");
  return { backend: "cpu", adapter: "CPU (JavaScript)", slow: true, float16: false };
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

/** WebGPU when there is a real adapter; a software one only where it beats wasm in a measured product. */
async function startBest(
  places: RuntimePlaces,
  onLost: (failure: StudioError) => void,
): Promise<DeviceReport> {
  const loss = (failure: StudioError) => {
    if (tf.getBackend() === "webgpu") onLost(failure); // one that lost the comparison may go
  };
  const gpu = await startWebGpu(places, loss).catch(() => undefined);
  if (gpu && !gpu.slow) return gpu;
  const gpuMs = gpu ? await probeMs(places.clockMs) : Infinity;
  const wasm = await startWasm(places).catch(() => undefined);
  if (!wasm) return gpu ?? startCpu();
  if (gpu && gpuMs < (await probeMs(places.clockMs))) {
    await use("webgpu");
    return gpu;
  }
  return wasm;
}

/**
 * Makes the function that starts tfjs on the wanted backend, with gradients and this project's kernels registered.
 * It calls `onLost` at most once a fault with DEVICE_LOST, GPU_ERROR or OUT_OF_MEMORY, and throws StudioError
 * NO_WEBGPU when WebGPU is demanded and there is no adapter, BACKEND_FAILED when tfjs stays on another backend.
 */
export const createRuntime =
  (places: RuntimePlaces): SessionEnvironment["startRuntime"] =>
  async (choice, onLost) => {
    tf.enableProdMode();
    switch (choice) {
      case "auto":
        return startBest(places, onLost);
      case "wasm":
        return startWasm(places);
      case "cpu":
        return startCpu();
      case "webgpu": {
        const report = await startWebGpu(places, onLost);
        if (report) return report;
        throw new StudioError(
          "NO_WEBGPU",
          "This browser offers no WebGPU adapter.",
          "Use a current Chrome or Edge with hardware acceleration on, or choose the slow mode.",
        );
      }
    }
  };
