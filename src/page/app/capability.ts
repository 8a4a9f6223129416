import { isSoftwareAdapter, type AdapterFacts } from "../../common/gpu/softwareAdapter";
import type { BackendChoice, SlowReason } from "../../common/protocol/shared";
import type { Capability } from "../store/deviceSlice";
import { slowText } from "../ui/explain/device";

/** The slow mode's names before a worker says what it computes on. */
const CPU_ADAPTERS = { wasm: "the CPU (WebAssembly)", cpu: "the CPU (JavaScript)" } as const;

/**
 * Finds out what this browser can train on.
 * @param gpu `navigator.gpu`, undefined where the browser has no WebGPU
 * @param backend a choice made in the address; wasm and cpu need no adapter
 */
export async function checkCapability(
  gpu: GPU | undefined,
  backend: BackendChoice,
): Promise<Capability> {
  if (backend === "wasm" || backend === "cpu") return slow({ kind: "asked" }, backend);
  if (!gpu) return unavailable(backend, { kind: "noWebGpu" });
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return unavailable(backend, { kind: "noAdapter" });
    const name = adapterName(adapter.info);
    return isSoftwareAdapter(adapter.info)
      ? slowOnSoftware(name, backend)
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

const slow = (reason: SlowReason, backend: "wasm" | "cpu" = "wasm"): Capability => ({
  kind: "slow",
  reason,
  adapter: CPU_ADAPTERS[backend],
  backend,
});

/** A start takes the quicker of this adapter and wasm, unless the address insists. */
const slowOnSoftware = (adapter: string, asked: BackendChoice): Capability => ({
  kind: "slow",
  reason: { kind: "software", adapter },
  adapter: asked === "webgpu" ? adapter : `${adapter} or ${CPU_ADAPTERS.wasm}, the quicker one`,
  backend: asked === "webgpu" ? "webgpu" : null,
});

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
