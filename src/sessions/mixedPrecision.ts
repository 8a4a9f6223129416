import type { Experiment } from "../config/experiment";
import type { Failure } from "../errors/studioError";
import type { DeviceReport } from "../protocol/shared";

/** What a run is told that asks for mixed precision where there is none: it is off, but never silently. */
export function mixedPrecisionRefusal(
  { optimizer }: Experiment,
  { float16, adapter }: Pick<DeviceReport, "float16" | "adapter">,
): Failure | undefined {
  if (!optimizer.mixedPrecision || float16) return undefined;
  return {
    code: "FEATURE_MISSING",
    message: `Mixed precision is off: ${adapter} has no float16 (shader-f16) that the kernels could use.`,
    hint: "Nothing to do: the run trains in float32, as it does with the setting off.",
  };
}
