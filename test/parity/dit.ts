import type { SafetensorsTensor } from "../../src/common/formats/safetensors";
import { ditFixture } from "./ditFixture";
import { ditLossCases } from "./ditLosses";
import { ditSamplingCases } from "./ditSampling";
import { scheduleCases } from "./ditSchedule";
import { startsAfterUpdate } from "./ditStart";
import { ditTrainingCases } from "./ditTraining";
import type { ParityPrecision } from "./sitFixture";
import type { ParityCase } from "./types";

/**
 * Parity cases of a DiT manifest, with or without REPA, on tfjs' current backend; none when it is another family's.
 * Sizes, schedule, spacing, sampler cases and names all come from the manifest.
 * @throws Error when its starting parameters are none: everything would then fail without a reason
 */
export function ditCases(
  manifest: unknown,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  { precision }: { precision: ParityPrecision } = { precision: "tight" },
): ParityCase[] {
  const fixture = ditFixture(manifest, tensors, precision);
  if (!fixture) return [];
  if (startsAfterUpdate(fixture)) {
    throw new Error(
      "its param.* are the parameters after the update, not those its results start from",
    );
  }
  return [
    ...scheduleCases(fixture),
    ...ditLossCases(fixture),
    ...ditTrainingCases(fixture),
    ...ditSamplingCases(fixture),
  ];
}
