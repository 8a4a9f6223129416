import { isSoftwareAdapter, type AdapterFacts } from "../../common/gpu/softwareAdapter";
import type { BackendChoice, SlowReason } from "../../common/protocol/shared";
import type { Capability } from "../store/deviceSlice";
import { slowText } from "../ui/explain/device";

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
  if (backend === "wasm" || backend === "cpu") return slow({ kind: "asked" });
  if (!gpu) return unavailable(backend, { kind: "noWebGpu" });
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return unavailable(backend, { kind: "noAdapter" });
    const name = adapterName(adapter.info);
    return isSoftwareAdapter(adapter.info)
      ? { kind: "slow", reason: { kind: "software", adapter: name }, adapter: name }
      : {
          kind: "webgpu",
          adapter: name,
          maxBufferBytes: adapter.limits.maxBufferSize,
          maxBindingBytes: adapter.limits.maxStorageBufferBindingSize,
        };
  } catch (error) {
    const thrown = error instanceof Error ? error.message : String(error);
    const message = `WebGPU refused an adapter: ${thrown}`;
    return unavailable(backend, {
      kind: "failed",
      failure: { code: "BACKEND_FAILED", message, hint: HINT },
    });
  }
}

const HINT = "Restart the browser, and update it and the GPU's driver if that does not help.";

const slow = (reason: SlowReason): Capability => ({ kind: "slow", reason, adapter: CPU_ADAPTER });

const unavailable = (backend: BackendChoice, reason: SlowReason): Capability =>
  backend === "webgpu"
    ? { kind: "failed", reason: `${slowText(reason)} The address insists on WebGPU.` }
    : slow(reason);

/** Vendor, architecture and description, as far as the browser gives them away. */
export function adapterName(
  info: Pick<AdapterFacts, "vendor" | "architecture" | "description">,
): string {
  const parts = [info.description, info.vendor, info.architecture].filter((part) => part !== "");
  return [...new Set(parts)].join(", ") || "unnamed adapter";
}
