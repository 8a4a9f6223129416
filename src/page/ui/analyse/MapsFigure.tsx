import type { StoredAnalysis } from "../../../common/protocol/analysis";
import { ChartCard } from "../charts/ChartCard";
import { Picture } from "../components/Picture";
import { formatValue } from "../explain/format";
import { noteText, provenance } from "./figure";
import { mapColumns, mapsOf, mapsTable, pictureAt, pictureCount } from "./mapsData";
import type { ShownSubject } from "./subjects";
import classes from "./analyse.module.css";

/** One row an image: decoded, as encoders see it, and as every block does. */
export function MapsFigure(props: {
  readonly results: readonly StoredAnalysis[];
  readonly subject: ShownSubject | undefined;
  readonly time: number | null;
}) {
  const { results, subject, time } = props;
  const found = mapsOf(results, subject, time);
  const columns = found ? mapColumns(found) : [];
  const count = found ? pictureCount(found.result.images) : 0;
  return (
    <ChartCard
      label="Feature maps by block"
      title="PCA maps by block"
      wide
      note={
        found &&
        noteText([
          found.shown.label,
          `${count} held-out images`,
          `t = ${found.result.time}`,
          "colours: three largest principal components of one column’s tokens; colours of two columns have nothing to do with each other",
          "number: spatial score",
          ...provenance([found.stored], 0),
        ])
      }
      table={found ? mapsTable(found) : { header: [], rows: () => [] }}
      empty={
        found ? null : "No maps of this subject at this t: switch “PCA maps” on, then press Analyse"
      }
    >
      <div className={classes.scrollX} tabIndex={0} role="group" aria-label="Feature maps">
        <table className={classes.mapTable}>
          <tbody>
            {Array.from({ length: count }, (_, image) => (
              <tr key={image}>
                {columns.map(({ name, strip }) => (
                  <td key={name}>
                    <Picture
                      side={strip.side}
                      rgb={pictureAt(strip, image)}
                      className={classes.map}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              {columns.map(({ name, spatialScore, aligned }) => (
                <th key={name} scope="col" data-aligned={aligned || undefined}>
                  {name}
                  <br />
                  <span>{spatialScore === null ? "" : formatValue(spatialScore)}</span>
                </th>
              ))}
            </tr>
          </tfoot>
        </table>
      </div>
    </ChartCard>
  );
}
