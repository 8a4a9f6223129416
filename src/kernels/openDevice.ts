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

/** Whether an adapter of this name computes on the CPU: correct, but slower than the wasm backend. */
export const isSoftwareAdapter = (name: string): boolean =>
  /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(name);

export interface OpenedDevice {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  /** Vendor, architecture and model in one line. */
  readonly adapterName: string;
}

/** A device of our own; nothing when there is no adapter. A lost device never comes back: open another. */
export async function openDevice(gpu: GPU | undefined): Promise<OpenedDevice | undefined> {
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return undefined;
  const { info } = adapter;
  const device = await adapter.requestDevice({
    requiredFeatures: WANTED_FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(RAISED_LIMITS.map((name) => [name, adapter.limits[name]])),
  });
  const parts = [info.vendor, info.architecture, info.device, info.description];
  return { device, info, adapterName: parts.filter(Boolean).join(" ") || "unnamed adapter" };
}

/** The studio's backend on an opened device, to be registered as "webgpu". */
export const createStudioBackend = ({ device, info }: OpenedDevice): StudioBackend =>
  new StudioBackend(device, info);
