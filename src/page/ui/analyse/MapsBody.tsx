import { Picture } from "../components/Picture";
import { formatValue } from "../explain/format";
import { pictureAt, type MapsFigure } from "./mapsData";
import classes from "./analyse.module.css";

/** One row an image: decoded, as encoders see it, and as every block does. */
export function MapsBody({ columns, count }: Pick<MapsFigure, "columns" | "count">) {
  return (
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
  );
}
