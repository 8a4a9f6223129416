import type { Licence } from "../../../common/catalogue/hubFile";
import type { WeightsSummary } from "../../../common/protocol/weights";
import { formatBytes, formatValue } from "./format";

/** What is worth knowing of stored weights, shortest first. */
export function weightsFacts(weights: WeightsSummary): readonly string[] {
  const { bytes, complete, precision, rounding, verified, licence } = weights;
  return [
    formatBytes(bytes),
    ...(complete ? [] : ["in part"]),
    ...(precision === "float16" ? ["float16"] : []),
    ...(rounding ? [roundingText(rounding)] : []),
    ...(complete ? [verified ? "SHA-256 verified" : "not verified"] : []),
    licence.name,
  ];
}

export const roundingText = (rounding: NonNullable<WeightsSummary["rounding"]>): string =>
  `rounding error ${formatValue(rounding.relativeRms)} of RMS, at most ${formatValue(rounding.largest)}`;

/** A licence in a few words, with its limit where it has one. */
export const licenceText = ({ name, nonCommercial }: Licence): string =>
  nonCommercial ? `${name}, non-commercial` : name;
