import type { Experiment } from "../../common/config/experiment";
import type { Failure } from "../../common/errors/studioError";
import type { DeviceReport } from "../../common/protocol/shared";

/** Warns a run that asks for mixed precision on a device without it; undefined otherwise. */
export function mixedPrecisionRefusal(
  { optimizer }: Experiment,
  { float16, adapter, selfCheck }: Pick<DeviceReport, "float16" | "adapter" | "selfCheck">,
): Failure | undefined {
  if (!optimizer.mixedPrecision || float16) return undefined;
  if (selfCheck?.float16 !== undefined) {
    return {
      code: "GPU_ERROR",
      message: `Mixed precision is off: on ${adapter} products in float16 failed their self-check (${selfCheck.float16}).`,
      hint: "Update the browser and the GPU's driver. Until then the run trains in float32.",
    };
  }
  return {
    code: "FEATURE_MISSING",
    message: `Mixed precision is off: ${adapter} has no float16 (shader-f16) that the kernels could use.`,
    hint: "The run trains in float32, as it does with the setting off.",
  };
}
