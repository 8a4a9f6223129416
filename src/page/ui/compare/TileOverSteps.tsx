import { evenly } from "../../../common/math/evenly";
import type { SampleGrid } from "../../../common/protocol/trainer";
import type { FigureRun } from "../../store/figureRuns";
import { usePngUrl } from "../panels/usePngUrl";
import { useStudio } from "../useStudio";
import { gridsOf, tileStyle } from "./grids";
import classes from "./compare.module.css";

/** So many steps are seen side by side; of more grids, as many as lie evenly between the first and the last. */
const MOST_STEPS = 8;

/** One sample in every run and over the steps it was drawn at: the paper's Figure 4 of these runs. */
export function TileOverSteps(props: {
  readonly runs: readonly FigureRun[];
  readonly tile: number;
}) {
  const { runs, tile } = props;
  return (
    <div className={classes.scroll} data-no-export="">
      <table className={classes.table} aria-label={`Sample ${tile + 1} over steps`}>
        <tbody>
          {runs.map((run) => (
            <TilesOfRun key={run.id} run={run} tile={tile} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TilesOfRun({ run, tile }: { readonly run: FigureRun; readonly tile: number }) {
  const grids = useStudio((state) => gridsOf(state, run.id));
  return (
    <tr>
      <th scope="row">
        <span className={classes.swatch} style={{ background: run.color }} /> {run.name}
      </th>
      {evenly(grids ?? [], MOST_STEPS).map((grid) => (
        <td key={grid.step}>
          <OneTile grid={grid} tile={tile} />
          <small>{grid.step}</small>
        </td>
      ))}
    </tr>
  );
}

function OneTile({ grid, tile }: { readonly grid: SampleGrid; readonly tile: number }) {
  const url = usePngUrl(grid.png);
  return (
    <div
      className={classes.stepTile}
      role="img"
      aria-label={`Sample ${tile + 1} of step ${grid.step}`}
      style={tileStyle(url, grid, tile)}
    />
  );
}
