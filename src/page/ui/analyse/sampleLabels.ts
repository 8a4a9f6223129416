import { featureSpaceLabel, type FeatureSpaceId } from "../../../common/catalogue/featureSpaces";

/** Samples the name FID-50K stands for. */
const FID_50K = 50_000;

/**
 * What the Fréchet distance in the whole of a space is called. Only Inception's is an FID, it names its count, and
 * below 50,000 samples it is never FID-50K.
 */
export function frechetName(space: FeatureSpaceId, sampleCount: number): string {
  if (space !== "inception-v3") return `Fréchet, full (${featureSpaceLabel(space)})`;
  return sampleCount >= FID_50K ? "FID-50K (Inception)" : `FID (Inception), n = ${sampleCount}`;
}

/** What a metric is called where space and count decide its name. */
export const sampleMetricName = (
  metric: "kid" | "frechetTop",
  space: FeatureSpaceId,
  sampleCount: number,
): string =>
  metric === "kid"
    ? `KID × 1000 (${featureSpaceLabel(space)})`
    : `Fréchet, top components (${featureSpaceLabel(space)}), n = ${sampleCount}`;

/** Samples a dimension below which the full distance is mostly bias. */
const TRUSTED_PER_DIMENSION = 5;

/** Why a full distance is not to be trusted; null when it is. */
export const fullWarning = (result: {
  readonly fullTrusted: boolean;
  readonly sampleCount: number;
  readonly width: number;
}): string | null =>
  result.fullTrusted
    ? null
    : `${result.sampleCount} samples for ${result.width} dimensions: below ${TRUSTED_PER_DIMENSION} a dimension it is biased upwards and may rank models wrongly`;
