import type { StoredAnalysis } from "../../../common/protocol/analysis";
import type { PictureStrip } from "../../../common/protocol/previews";
import type { ChartTable } from "../charts/ChartCard";
import { encoderShort } from "../explain/names";
import { resultsOf, type Found } from "./found";
import type { ShownSubject } from "./subjects";

/** A column of the maps: the images themselves, an encoder's maps or a block's. */
export interface MapColumn {
  readonly name: string;
  readonly strip: PictureStrip;
  readonly spatialScore: number | null;
  readonly aligned: boolean;
}

/** The newest maps of a subject at a noise level. */
export function mapsOf(
  results: readonly StoredAnalysis[],
  shown: ShownSubject | undefined,
  time: number | null,
): Found<"maps"> | undefined {
  return resultsOf(results, shown ? [shown] : [], "maps")
    .filter(({ result }) => result.time === time)
    .reduce<Found<"maps"> | undefined>(
      (newest, one) =>
        newest && newest.stored.createdAtMs > one.stored.createdAtMs ? newest : one,
      undefined,
    );
}

export const mapColumns = ({ shown, result }: Found<"maps">): readonly MapColumn[] => [
  { name: "decoded", strip: result.images, spatialScore: null, aligned: false },
  ...result.encoders.map(({ encoder, maps, spatialScore }) => ({
    name: encoderShort(encoder),
    strip: maps,
    spatialScore,
    aligned: false,
  })),
  ...result.layers.map(({ maps, spatialScore }, index) => ({
    name: `block ${index + 1}`,
    strip: maps,
    spatialScore,
    aligned: shown.alignedBlock === index + 1,
  })),
];

export const pictureCount = ({ side, rgb }: PictureStrip): number => rgb.length / (side * side * 3);

/** Picture `index` of a strip. */
export const pictureAt = ({ side, rgb }: PictureStrip, index: number): Uint8Array =>
  rgb.subarray(index * side * side * 3, (index + 1) * side * side * 3);

export const mapsTable = (found: Found<"maps">): ChartTable => ({
  header: ["subject", "t", "column", "spatialScore", "images", "seed", "adapter"],
  rows: () =>
    mapColumns(found).map(({ name, spatialScore }) => [
      found.shown.label,
      found.result.time,
      name,
      spatialScore ?? undefined,
      pictureCount(found.result.images),
      found.stored.seed,
      found.stored.device.adapter,
    ]),
});
