import { StudioError } from "../../common/errors/studioError";
import { isSoftwareAdapter, type AdapterFacts } from "../../common/gpu/softwareAdapter";
import { StudioBackend } from "./studioBackend";

/** Limits that make kernels faster or larger sizes possible; all others stay at the API's default. */
const RAISED_LIMITS = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxBufferSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeInvocationsPerWorkgroup",
] as const;

/** Features that are requested where the adapter has them. */
const WANTED_FEATURES = ["subgroups", "shader-f16", "timestamp-query"] as const;

export interface OpenedDevice {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  /** Vendor, architecture and model in one line. */
  readonly adapterName: string;
  /** Whether the adapter computes on the CPU. */
  readonly software: boolean;
}

/** Vendor, architecture and model in one line, as far as the browser gives them. */
export const adapterNameOf = (info: AdapterFacts): string =>
  [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ") ||
  "unnamed adapter";

/** The result of a WebGPU call. @throws StudioError BACKEND_FAILED with the call and its message when it is refused */
async function granted<T>(call: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new StudioError(
      "BACKEND_FAILED",
      `WebGPU did not start: ${call} failed with "${message}".`,
      "Restart the browser, and update it and the GPU's driver if that does not help.",
      { cause: thrown },
    );
  }
}

/**
 * Opens a device of our own; undefined when there is no adapter. A lost device cannot be used again: open another one.
 * @throws StudioError BACKEND_FAILED with the browser's message when it refuses an adapter or its device
 */
export async function openDevice(gpu: GPU | undefined): Promise<OpenedDevice | undefined> {
  if (!gpu) return undefined;
  const request = gpu.requestAdapter({ powerPreference: "high-performance" });
  const adapter = await granted("requestAdapter", request);
  if (!adapter) return undefined;
  const { info } = adapter;
  const device = await granted(
    "requestDevice",
    adapter.requestDevice({
      requiredFeatures: WANTED_FEATURES.filter((feature) => adapter.features.has(feature)),
      requiredLimits: Object.fromEntries(RAISED_LIMITS.map((name) => [name, adapter.limits[name]])),
    }),
  );
  return { device, info, adapterName: adapterNameOf(info), software: isSoftwareAdapter(info) };
}

/** The studio's backend on an opened device, to be registered as "webgpu". */
export const createStudioBackend = ({ device, info }: OpenedDevice): StudioBackend =>
  new StudioBackend(device, info);
