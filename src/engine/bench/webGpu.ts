import * as tf from "@tensorflow/tfjs-core";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { StudioError } from "../../common/errors/studioError";
import { compareTunings, fastest } from "../kernels/chooseTuning";
import type { MatMulTuning } from "../kernels/device";
import { findKernel } from "../kernels/findKernel";
import { createStudioBackend, openDevice, type OpenedDevice } from "../kernels/openDevice";
import { registerFusedKernels } from "../kernels/register";
import type { StudioBackend } from "../kernels/studioBackend";

export interface AdapterReport {
  /** Vendor, architecture, model and description, as the API tells them. */
  readonly name: string;
  /** Features of the device, including those the app requests where the adapter has them. */
  readonly features: readonly string[];
  readonly maxBufferSize: number;
}

/** A backend on a device of its own, so that its memory is one variant's alone. */
export interface OpenedBackend {
  readonly use: () => Promise<void>;
  /** Frees the device. */
  readonly close: () => void;
}

/** Called with the message of an error that a device reports. */
export type OnGpuError = (message: string) => void;

/**
 * Both kinds of WebGPU backend, opened as often as wanted under names of their own. A backend's errors go to its own
 * `onError`, or else to the one that all share.
 */
export interface WebGpuGrounds {
  readonly adapter: AdapterReport;
  /** Whether the adapter computes on the CPU. */
  readonly software: boolean;
  /** `@tensorflow/tfjs-backend-webgpu` unchanged, on a device with the app's limits. */
  readonly openStock: (name: string, onError?: OnGpuError) => Promise<OpenedBackend>;
  /** The project's backend with its fused kernels, tuned as the app tunes it. */
  readonly openStudio: (
    name: string,
    onError?: OnGpuError,
  ) => Promise<OpenedBackend & { readonly backend: StudioBackend }>;
}

/** Makes `backend` the one in force. @throws StudioError BACKEND_FAILED when tfjs stays on another */
export async function useBackend(backend: string): Promise<void> {
  const chosen = await tf.setBackend(backend);
  await tf.ready();
  if (chosen && tf.getBackend() === backend) return;
  throw new StudioError(
    "BACKEND_FAILED",
    `The backend "${backend}" did not start (tfjs is on "${tf.getBackend()}").`,
    "Reload the page, or choose another adapter.",
  );
}

/** A device for one backend; its errors go to `onError`. @throws StudioError NO_WEBGPU when the adapter is gone */
async function openOwnDevice(gpu: GPU | undefined, onError: OnGpuError): Promise<OpenedDevice> {
  const opened = await openDevice(gpu);
  if (!opened) throw new StudioError("NO_WEBGPU", "The adapter is gone.", "Measure again.");
  opened.device.addEventListener("uncapturederror", ({ error }) => onError(error.message));
  return opened;
}

/** Makes a backend and its kernels known to tfjs under a name. */
function register(
  name: string,
  { device }: OpenedDevice,
  backend: tf.KernelBackend,
  kernels: readonly tf.KernelConfig[],
): OpenedBackend {
  for (const kernel of kernels) {
    if (!findKernel(kernel.kernelName, name)) {
      tf.registerKernel({ ...kernel, backendName: name });
    }
  }
  tf.registerBackend(name, () => backend);
  return {
    use: () => useBackend(name),
    close: () => {
      tf.removeBackend(name);
      device.destroy();
    },
  };
}

/** Sets the fastest tuning, measured once, as the app does. Software adapters keep the default. */
function createTuner(software: boolean, clockMs: () => number) {
  let tuning: MatMulTuning | undefined;
  return async (backend: StudioBackend, use: () => Promise<void>): Promise<void> => {
    if (software) return;
    await use();
    tuning ??= fastest(await compareTunings(backend, clockMs));
    backend.tuning = tuning ?? backend.tuning;
  };
}

/** @returns undefined when there is no adapter */
export async function prepareWebGpu(
  gpu: GPU | undefined,
  onError: OnGpuError,
  clockMs: () => number,
): Promise<WebGpuGrounds | undefined> {
  const first = await openDevice(gpu);
  if (!first) return undefined;
  const adapter: AdapterReport = {
    name: first.adapterName,
    features: [...first.device.features].sort(),
    maxBufferSize: first.device.limits.maxBufferSize,
  };
  const { software } = first;
  first.device.destroy();
  const stockKernels = tf.getKernelsForBackend("webgpu");
  registerFusedKernels();
  const allKernels = tf.getKernelsForBackend("webgpu");
  const tune = createTuner(software, clockMs);
  return {
    adapter,
    software,
    openStock: async (name, onOwnError = onError) => {
      const opened = await openOwnDevice(gpu, onOwnError);
      return register(name, opened, new WebGPUBackend(opened.device, opened.info), stockKernels);
    },
    openStudio: async (name, onOwnError = onError) => {
      const opened = await openOwnDevice(gpu, onOwnError);
      const backend = createStudioBackend(opened);
      const registered = register(name, opened, backend, allKernels);
      await tune(backend, registered.use);
      return { ...registered, backend };
    },
  };
}
