import type { SafetensorsTensor } from "../../src/common/formats/safetensors";
import type { GoldenManifest } from "../golden";
import { alignmentCases } from "./metricsAlignment";
import { batteryCases } from "./metricsBattery";
import { frechetCases, kernelDistanceCases } from "./metricsDistances";
import { resultEntries } from "./metricsFixture";
import { inceptionScoreCases, pcaCases, prdcCases } from "./metricsOthers";
import { resultCounts } from "./metricsNotes";
import { probeCases } from "./metricsProbe";
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
    batteryCases,
    probeCases,
  ];
  return resultEntries(manifest, tensors).flatMap((entry) =>
    families.flatMap((family) => family(entry)),
  );
}

/** What the cases of a manifest leave out, each with its reason. */
export const metricsNotes = (manifest: GoldenManifest): string[] =>
  Array.from(
    resultCounts(manifest.results).notCompared,
    ([reason, count]) => `${count} numbers: ${reason}`,
  );
