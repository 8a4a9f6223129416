import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import { startDawn } from "../../../scripts/node/dawn";
import { StudioError } from "../../../src/common/errors/studioError";
import {
  createStudioBackend,
  openDevice,
  type OpenedDevice,
} from "../../../src/engine/kernels/openDevice";
import { registerFusedKernels } from "../../../src/engine/kernels/register";
import type { StudioBackend } from "../../../src/engine/kernels/studioBackend";
import type { StageContext } from "../stage";
import { findVulkan, nameDrivers } from "../vulkan";

/** The name the studio's backend has in tfjs. */
export const WEBGPU = "webgpu";

/**
 * Dawn on the machine's Vulkan driver.
 * @param flags Dawn's own
 * @throws StudioError NO_WEBGPU that says what to install
 */
export async function startGpu(
  { adapter, places }: StageContext,
  flags: readonly string[] = [],
): Promise<GPU> {
  const vulkan = findVulkan();
  if (adapter === "default") nameDrivers(vulkan);
  const gpu = await startDawn(adapter, places.dawn, flags);
  const found = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (found) return gpu;
  throw new StudioError(
    "NO_WEBGPU",
    `Dawn finds no Vulkan adapter here (loader: ${vulkan.loader ?? "none"}, drivers: ${vulkan.drivers.join(", ") || "none"}).`,
    vulkan.advice ?? "Check that the driver works: vulkaninfo --summary (package vulkan-tools).",
  );
}

export interface CheckedDevice {
  readonly backend: StudioBackend;
  readonly opened: OpenedDevice;
  readonly software: boolean;
  /** What the device complained of; anything makes the stage's figures worthless. */
  readonly gpuErrors: readonly string[];
}

/** tfjs on the studio's backend, as the workers start it, but without measuring tiles. */
export async function startStudio(context: StageContext): Promise<CheckedDevice> {
  const opened = await openDevice(await startGpu(context));
  if (!opened) throw new StudioError("NO_WEBGPU", "The adapter is gone.", "Run the check again.");
  const gpuErrors: string[] = [];
  opened.device.addEventListener("uncapturederror", ({ error }) => gpuErrors.push(error.message));
  tf.enableProdMode();
  const backend = createStudioBackend(opened);
  tf.registerBackend(WEBGPU, () => backend);
  registerFusedKernels();
  const chosen = await tf.setBackend(WEBGPU);
  await tf.ready();
  if (!chosen || tf.getBackend() !== WEBGPU) {
    throw new StudioError(
      "BACKEND_FAILED",
      `tfjs' WebGPU backend did not start (tfjs is on "${tf.getBackend()}").`,
      "Look at the stage adapter's file.",
    );
  }
  return { backend, opened, software: opened.software, gpuErrors };
}
