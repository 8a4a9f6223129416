import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgpu";
import { createStudioBackend, openDevice } from "../src/engine/kernels/openDevice";
import type { MatMulTuning } from "../src/engine/kernels/device";
import { registerFusedKernels } from "../src/engine/kernels/register";
import { currentStudioBackend } from "../src/engine/kernels/studioBackend";

/** What useStudioDevice opened last, while it is there, and the tuning it began with. */
let kept: { readonly device: GPUDevice; readonly tuning: MatMulTuning } | undefined;

/**
 * useStudioDevice once for all the files of a page: a software adapter takes seconds to compile what the next file needs
 * again. A file begins with the tuning of a new device whatever the one before it set. After a loss, or where a file put
 * another backend in its place, one is opened anew.
 */
export async function keepStudioDevice(gpu: GPU | undefined): Promise<void> {
  const registered = tf.engine().registryFactory.webgpu !== undefined;
  if (kept && registered && (await tf.setBackend("webgpu"))) {
    await tf.ready();
    const backend = currentStudioBackend();
    if (backend?.device === kept.device) {
      backend.tuning = kept.tuning;
      backend.mixedPrecision = false;
      return;
    }
  }
  await useStudioDevice(gpu);
}

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
  const backend = currentStudioBackend();
  if (!backend) throw new Error("The backend is not the studio's.");
  const { device, tuning } = backend;
  kept = { device, tuning };
  void device.lost.then(() => {
    if (kept?.device === device) kept = undefined;
  });
}
