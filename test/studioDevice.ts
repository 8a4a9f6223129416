import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgpu";
import { createStudioBackend, openDevice } from "../src/engine/kernels/openDevice";
import { registerFusedKernels } from "../src/engine/kernels/register";

/** Puts tfjs on the studio's backend, as the workers do, and makes every device fault fail the test. */
export async function useStudioDevice(gpu: GPU | undefined): Promise<void> {
  const opened = await openDevice(gpu);
  if (!opened) throw new Error("No WebGPU adapter here.");
  opened.device.addEventListener("uncapturederror", ({ error }) => {
    throw new Error(`WebGPU: ${error.message}`);
  });
  if (tf.engine().registryFactory.webgpu !== undefined) tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", () => createStudioBackend(opened));
  registerFusedKernels();
  // when setBackend fails it returns false and leaves tf on another backend without an error: check both
  const chosen = await tf.setBackend("webgpu");
  await tf.ready();
  if (!chosen || tf.getBackend() !== "webgpu")
    throw new Error("tfjs' WebGPU backend did not start.");
}
