import type {
  BackendName,
  DeviceReport,
  FailedCheck,
  SlowReason,
} from "../../../common/protocol/shared";

/** Why a device is slow, in a sentence or two; the backend where one was started already. */
export function slowText(reason: SlowReason, backend?: BackendName): string {
  switch (reason.kind) {
    case "asked":
      return "The address asks for a CPU backend.";
    case "noWebGpu":
      return "This browser has no WebGPU.";
    case "noAdapter":
      return "WebGPU is there, but it offers no adapter.";
    case "software":
      return backend && backend !== "webgpu"
        ? `WebGPU’s only adapter, ${reason.adapter}, is a software one, and ${backend} was quicker.`
        : `WebGPU runs on a software adapter here (${reason.adapter}).`;
    case "failed":
      return `${reason.failure.message} ${reason.failure.hint}`;
  }
}

/** Of a device without a reason: a report stored by an earlier version. */
const UNKNOWN_REASON = "This device computes on the CPU.";

/** Why this device, or the reason known before there was one, is slow. */
export const slowTextOf = (device: DeviceReport | null, before: SlowReason | null): string => {
  const reason = device ? device.slowBecause : before;
  return reason ? slowText(reason, device?.backend) : UNKNOWN_REASON;
};

const listed = (label: string, failed: readonly FailedCheck[]): string[] =>
  failed.length === 0
    ? []
    : [`${label}: ${failed.map(({ name, reason }) => `${name} (${reason})`).join(", ")}.`];

/** What failed the self-check at this device's start, a line each; none where nothing did. */
export function selfCheckLines({ selfCheck }: Pick<DeviceReport, "selfCheck">): string[] {
  if (!selfCheck) return [];
  const { tiles, operations, float16 } = selfCheck;
  return [
    ...listed("Tiles of matrix products not used", tiles),
    ...listed("Operations on tfjs’ own kernels", operations),
    ...(float16 === undefined ? [] : [`Products in float16 not used: ${float16}.`]),
  ];
}
