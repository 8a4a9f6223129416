import type { SafetensorsTensor } from "../../src/common/formats/safetensors";
import { asSitManifest, sitFixture, type ParityPrecision } from "./sitFixture";
import { forwardCases } from "./sitForward";
import { lossAndGradientCases } from "./sitLosses";
import { samplingCases } from "./sitSampling";
import { trainingCases } from "./sitTraining";
import type { ParityCase } from "./types";

/**
 * Parity cases of a SiT manifest on tfjs' current backend; none when the manifest is another family's.
 * Sizes, hyper-parameters, strides, paths, sampler cases and names all come from the manifest.
 */
export function sitCases(
  manifest: unknown,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  { precision }: { precision: ParityPrecision } = { precision: "tight" },
): ParityCase[] {
  const sit = asSitManifest(manifest);
  if (!sit) return [];
  const fixture = sitFixture(sit, tensors, precision);
  return [
    ...forwardCases(fixture),
    ...lossAndGradientCases(fixture),
    ...trainingCases(fixture),
    ...samplingCases(fixture),
  ];
}
