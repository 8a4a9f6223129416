import type { BackendName, DeviceReport, SlowReason } from "../../common/protocol/shared";
import type { SetPart } from "./setPart";

/** Limits of the adapter. A worker reports those of its device. */
export type BufferLimits = Pick<DeviceReport, "maxBufferBytes" | "maxBindingBytes">;

/** The device this browser can train on, determined once at the start. */
export type Capability =
  | { readonly kind: "checking" }
  | ({ readonly kind: "webgpu"; readonly adapter: string } & BufferLimits)
  /**
   * No GPU: a CPU-side backend works, slowly, and says so. Which one is null where a start decides it: a software adapter
   * of WebGPU may turn out slower than wasm.
   */
  | {
      readonly kind: "slow";
      readonly reason: SlowReason;
      readonly adapter: string;
      readonly backend: BackendName | null;
    }
  | { readonly kind: "failed"; readonly reason: string };

export interface DeviceSlice {
  readonly capability: Capability;
  readonly setCapability: (capability: Capability) => void;
}

export const createDeviceSlice = (set: SetPart<Pick<DeviceSlice, "capability">>): DeviceSlice => ({
  capability: { kind: "checking" },
  setCapability: (capability) => set({ capability }),
});
