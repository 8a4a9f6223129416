import { StudioError } from "../../common/errors/studioError";
import { isSoftwareAdapter, type AdapterFacts } from "../../common/gpu/softwareAdapter";
import { StudioBackend } from "./studioBackend";

/** Limits the kernels profit from; everything else stays at the API's default. */
const RAISED_LIMITS = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxBufferSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeInvocationsPerWorkgroup",
] as const;

/** Asked for where the adapter has them. */
const WANTED_FEATURES = ["subgroups", "shader-f16", "timestamp-query"] as const;

export interface OpenedDevice {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  /** Vendor, architecture and model in one line. */
  readonly adapterName: string;
  /** Whether the adapter computes on the CPU. */
  readonly software: boolean;
}

/** Vendor, architecture and model in one line, as far as they are told. */
export const adapterNameOf = (info: AdapterFacts): string =>
  [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ") ||
  "unnamed adapter";

/** A WebGPU call that was refused, as an error that says so. */
async function asked<T>(call: string, answer: Promise<T>): Promise<T> {
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
 * A device of our own; nothing when there is no adapter. A lost device never comes back: open another.
 * @throws StudioError BACKEND_FAILED with the browser's message when it refuses an adapter or its device
 */
export async function openDevice(gpu: GPU | undefined): Promise<OpenedDevice | undefined> {
  if (!gpu) return undefined;
  const request = gpu.requestAdapter({ powerPreference: "high-performance" });
  const adapter = await asked("requestAdapter", request);
  if (!adapter) return undefined;
  const { info } = adapter;
  const device = await asked(
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
