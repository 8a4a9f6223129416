import type { Failure } from "../../common/errors/studioError";
import type { DeviceReport, FailedCheck } from "../../common/protocol/shared";

const UPDATE = "Update the browser and the GPU's driver.";

const listed = (failed: readonly FailedCheck[]): string =>
  failed.map(({ name, reason }) => `${name} (${reason})`).join(", ");

/** Warns of a quicker tile that failed the self-check. */
const tileWarning =
  ({ adapter, tile = "another" }: DeviceReport) =>
  ({ name, reason }: FailedCheck): Failure => ({
    code: "GPU_ERROR",
    message: `On ${adapter} the tile "${name}" of matrix products failed its self-check (${reason}); "${tile}" is used instead.`,
    hint: `${UPDATE} Until then training is right and may be slower.`,
  });

function operationsWarning(
  { adapter }: DeviceReport,
  failed: readonly FailedCheck[],
): Failure | undefined {
  if (failed.length === 0) return undefined;
  return {
    code: "GPU_ERROR",
    message: `On ${adapter} some fused kernels failed their self-check: ${listed(failed)}. tfjs' own kernels are used for them.`,
    hint: `${UPDATE} Until then training is right and slower, and takes more memory.`,
  };
}

/** Warns of a backend that did not start. */
const startWarning = (
  { adapter, backend }: DeviceReport,
  { code, message, hint }: Failure,
): Failure => ({
  code,
  message: `${message} This runs on ${backend} instead: ${adapter}.`,
  hint,
});

/**
 * Warnings about a device, shown before a run or an analysis begins: backends that did not start, and kernels that
 * failed the self-check and are not used. A failure of float16 is a warning of its own (mixedPrecision.ts).
 */
export function deviceWarnings(device: DeviceReport): readonly Failure[] {
  const { selfCheck, slowBecause, wasmFailure } = device;
  const operations = operationsWarning(device, selfCheck?.operations ?? []);
  return [
    ...(slowBecause?.kind === "failed" ? [startWarning(device, slowBecause.failure)] : []),
    ...(wasmFailure ? [startWarning(device, wasmFailure)] : []),
    ...(selfCheck?.tiles ?? []).map(tileWarning(device)),
    ...(operations ? [operations] : []),
  ];
}
