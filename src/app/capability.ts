import type { BackendChoice } from "../protocol/shared";
import type { Capability } from "../store/deviceSlice";

/** The slow mode's name before a worker says which of wasm and cpu it is. */
const CPU_ADAPTER = "the CPU (WebAssembly)";

/**
 * Finds out what this browser can train on.
 * @param gpu `navigator.gpu`, undefined where the browser has no WebGPU
 * @param backend a choice made in the address; wasm and cpu need no adapter
 */
export async function checkCapability(
  gpu: GPU | undefined,
  backend: BackendChoice,
): Promise<Capability> {
  if (backend === "wasm" || backend === "cpu") {
    return slow(`The address asks for the ${backend} backend.`);
  }
  if (!gpu) {
    return unavailable(backend, "This browser has no WebGPU, or this page is not served securely.");
  }
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return unavailable(backend, "WebGPU is there, but it offers no adapter.");
    const name = adapterName(adapter.info);
    return isSoftware(adapter.info)
      ? { kind: "slow", reason: "WebGPU runs on a software adapter here.", adapter: name }
      : {
          kind: "webgpu",
          adapter: name,
          maxBufferBytes: adapter.limits.maxBufferSize,
          maxBindingBytes: adapter.limits.maxStorageBufferBindingSize,
        };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return unavailable(backend, `WebGPU refused an adapter: ${message}`);
  }
}

const slow = (reason: string): Capability => ({ kind: "slow", reason, adapter: CPU_ADAPTER });

const unavailable = (backend: BackendChoice, reason: string): Capability =>
  backend === "webgpu"
    ? { kind: "failed", reason: `${reason} The address insists on WebGPU.` }
    : slow(reason);

/** Vendor, architecture and description, as far as the browser gives them away. */
export function adapterName(info: AdapterInfo): string {
  const parts = [info.description, info.vendor, info.architecture].filter((part) => part !== "");
  return [...new Set(parts)].join(", ") || "unnamed adapter";
}

type AdapterInfo = Pick<GPUAdapterInfo, "vendor" | "architecture" | "description"> & {
  readonly isFallbackAdapter?: boolean;
};

const isSoftware = (info: AdapterInfo): boolean =>
  info.isFallbackAdapter === true ||
  /swiftshader|llvmpipe|warp|software/i.test(`${info.architecture} ${info.description}`);
