import type { Failure } from "../errors/studioError";
import type { DeviceReport } from "../protocol/shared";

/** What a run says when this device's kernels failed the self-check and are off. */
export function distrustWarning({
  distrusted = [],
  adapter,
}: Pick<DeviceReport, "distrusted" | "adapter">): Failure | undefined {
  if (distrusted.length === 0) return undefined;
  return {
    code: "GPU_ERROR",
    message: `On ${adapter} some fused kernels compute something else than they should: ${distrusted.join(", ")}. They are off; steps run operation by operation.`,
    hint: "Update the browser and the GPU's driver; until then training is right and slower.",
  };
}
