import { useEffect, useRef } from "react";
import type { SampleGrid } from "../../../common/protocol/trainer";
import { STRIP_TILES, tileAt, type Strip } from "./strips";
import classes from "./analyse.module.css";

/** Samples from the same noise over steps, one strip a run. */
export function StripsBody({ strips }: { readonly strips: readonly Strip[] }) {
  return (
    <div className={classes.strips}>
      {strips.map((strip) => (
        <StripTable key={strip.key} strip={strip} />
      ))}
    </div>
  );
}

function StripTable({ strip: { name, grids } }: { readonly strip: Strip }) {
  return (
    <table className={classes.strip}>
      <caption>{name}</caption>
      <tbody>
        {Array.from({ length: STRIP_TILES }, (_, index) => (
          <tr key={index}>
            {grids.map((grid) => (
              <td key={grid.step}>{index < grid.count && <Tile grid={grid} index={index} />}</td>
            ))}
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          {grids.map(({ step }) => (
            <th key={step} scope="col">
              {step}
            </th>
          ))}
        </tr>
      </tfoot>
    </table>
  );
}

/** One tile of a grid's PNG on a canvas, so that exports hold it. */
function Tile({ grid, index }: { readonly grid: SampleGrid; readonly index: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let current = true;
    void tileOf(grid, index).then((picture) => {
      if (current) canvas.current?.getContext("2d")?.drawImage(picture, 0, 0);
      picture.close();
    });
    return () => {
      current = false;
    };
  }, [grid, index]);
  return (
    <canvas
      ref={canvas}
      width={grid.tile}
      height={grid.tile}
      className={classes.stripTile}
      role="img"
      aria-label={`Sample ${index + 1} at step ${grid.step}`}
    />
  );
}

function tileOf(grid: SampleGrid, index: number): Promise<ImageBitmap> {
  const [x, y] = tileAt(grid, index);
  return createImageBitmap(new Blob([grid.png], { type: "image/png" }), x, y, grid.tile, grid.tile);
}
