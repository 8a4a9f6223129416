import type { SafetensorsTensor } from "../../src/formats/safetensors";
import type { GoldenManifest } from "../golden";
import { alignmentCases } from "./metricsAlignment";
import { frechetCases, kernelDistanceCases } from "./metricsDistances";
import { resultEntries } from "./metricsFixture";
import { inceptionScoreCases, pcaCases, prdcCases } from "./metricsOthers";
import type { ParityCase } from "./types";

/**
 * Parity cases of every metric family this project has, from any manifest: an entry of `results` is
 * recognised by its fields, and sizes, ks and tensor names come from it. Unknown families give no cases.
 */
export function metricsCases(
  manifest: GoldenManifest,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
): ParityCase[] {
  const families = [
    alignmentCases,
    frechetCases,
    kernelDistanceCases,
    prdcCases,
    pcaCases,
    inceptionScoreCases,
  ];
  return resultEntries(manifest, tensors).flatMap((entry) =>
    families.flatMap((family) => family(entry)),
  );
}
