import * as tf from "@tensorflow/tfjs-core";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";

/** tfjs' own backend under a name of its own, so that it lives beside the studio's, registered as "webgpu". */
export const STOCK_BACKEND = "webgpu-stock";

/** Limits tfjs' kernels profit from, as the app raises them. */
const RAISED_LIMITS = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeInvocationsPerWorkgroup",
] as const;

export interface AdapterReport {
  /** Vendor, architecture, model and description, as the browser tells them. */
  readonly name: string;
  readonly features: readonly string[];
  readonly maxBufferSize: number;
}

/**
 * Registers `@tensorflow/tfjs-backend-webgpu` unchanged as STOCK_BACKEND; call before other kernels join "webgpu".
 * @returns the adapter, or undefined when there is none
 */
export async function registerStockWebGpu(
  gpu: GPU | undefined,
  onError: (message: string) => void,
): Promise<AdapterReport | undefined> {
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return undefined;
  const { info, limits } = adapter;
  const features = [...adapter.features].sort();
  const device = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(RAISED_LIMITS.map((name) => [name, limits[name]])),
  });
  device.addEventListener("uncapturederror", ({ error }) => onError(error.message));
  tf.copyRegisteredKernels("webgpu", STOCK_BACKEND);
  tf.registerBackend(STOCK_BACKEND, () => new WebGPUBackend(device, info));
  const parts = [info.vendor, info.architecture, info.device, info.description];
  return {
    name: parts.filter(Boolean).join(" ") || "unnamed adapter",
    features,
    maxBufferSize: limits.maxBufferSize,
  };
}

/** Makes `backend` the one in force. @throws Error when tfjs stays on another */
export async function useBackend(backend: string): Promise<void> {
  const chosen = await tf.setBackend(backend);
  await tf.ready();
  if (!chosen || tf.getBackend() !== backend) throw new Error(`${backend} did not start.`);
}
