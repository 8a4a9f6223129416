import type { StoredAnalysis } from "../../../common/protocol/analysis";
import type { PictureStrip } from "../../../common/protocol/previews";
import type { ChartTable } from "../charts/chartTable";
import { encoderShort } from "../explain/names";
import { noteText, provenance, type FigureFrame } from "./figure";
import type { FigureInput } from "./figureInput";
import { resultsOf, type SubjectResult } from "./results";
import { timeText, type ShownSubject } from "./subjects";

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
): SubjectResult<"maps"> | undefined {
  return resultsOf(results, shown ? [shown] : [], "maps")
    .filter(({ result }) => result.time === time)
    .reduce<SubjectResult<"maps"> | undefined>(
      (newest, one) =>
        newest && newest.stored.createdAtMs > one.stored.createdAtMs ? newest : one,
      undefined,
    );
}

export const mapColumns = ({ shown, result }: SubjectResult<"maps">): readonly MapColumn[] => [
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

const HEADER = ["subject", "t", "column", "spatialScore", "images", "seed", "adapter"];

const mapsTable = (
  { shown, result, stored }: SubjectResult<"maps">,
  columns: readonly MapColumn[],
): ChartTable => ({
  header: HEADER,
  rows: () =>
    columns.map(({ name, spatialScore }) => [
      shown.label,
      result.time,
      name,
      spatialScore ?? undefined,
      pictureCount(result.images),
      stored.seed,
      stored.device.adapter,
    ]),
});

export interface MapsFigure extends FigureFrame {
  readonly kind: "maps";
  readonly columns: readonly MapColumn[];
  /** Pictures in a column. */
  readonly count: number;
}

/** One row an image: decoded, as encoders see it, and as every block does. */
export function mapsFigure({
  results,
  subject,
  time,
}: Pick<FigureInput, "results" | "subject" | "time">): MapsFigure {
  const maps = mapsOf(results, subject, time);
  if (!maps) {
    const empty = "No maps of this subject at this t. Switch “PCA maps” on, then press Analyse.";
    const table = { header: HEADER, rows: () => [] };
    return { kind: "maps", columns: [], count: 0, note: "", table, empty };
  }
  const columns = mapColumns(maps);
  const count = pictureCount(maps.result.images);
  return {
    kind: "maps",
    columns,
    count,
    note: noteText([
      maps.shown.label,
      `${count} held-out images`,
      timeText(maps.result.time, [maps.shown]),
      "colours: three largest principal components of one column’s tokens; colours of two columns have nothing to do with each other",
      "number: spatial score",
      ...provenance([maps.stored], 0),
    ]),
    table: mapsTable(maps, columns),
    empty: null,
  };
}
