import * as tf from "@tensorflow/tfjs-core";
import { createStudioBackend, openDevice } from "../src/kernels/openDevice";
import { registerFusedKernels } from "../src/kernels/register";
import type { StudioBackend } from "../src/kernels/studioBackend";

/**
 * The project's backend with its fused kernels, as the app starts it, registered as "webgpu".
 * Call after the stock backend has been set apart: fused kernels join the name "webgpu".
 */
export async function registerStudioWebGpu(
  gpu: GPU | undefined,
  onError: (message: string) => void,
): Promise<StudioBackend | undefined> {
  const opened = await openDevice(gpu);
  if (!opened) return undefined;
  opened.device.addEventListener("uncapturederror", ({ error }) => onError(error.message));
  if (tf.engine().registryFactory.webgpu !== undefined) tf.removeBackend("webgpu");
  const backend = createStudioBackend(opened);
  tf.registerBackend("webgpu", () => backend);
  registerFusedKernels();
  return backend;
}
