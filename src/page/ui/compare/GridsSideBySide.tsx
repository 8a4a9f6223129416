import { UnstyledButton } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import type { SampleGrid } from "../../../common/protocol/trainer";
import type { FigureRun } from "../../store/figureRuns";
import { selectClassNames } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import { useCommands } from "../commands";
import { Hint } from "../components/Notes";
import { usePngUrl } from "../panels/usePngUrl";
import { useStudio } from "../useStudio";
import classes from "./compare.module.css";

/** The open run's grids are newer than what storage was asked for. */
const gridsOf = (state: StudioState, runId: string): readonly SampleGrid[] | undefined =>
  state.run.runId === runId ? state.samples.grids : state.analysis.grids[runId];

const gridAt = (grids: readonly SampleGrid[] | undefined, cursor: number | null) =>
  grids?.findLast(({ step }) => step <= (cursor ?? Infinity));

/** The newest grid of a run that is not after the scrubber's step, as far as it has been read. */
export const shownGrid = (state: StudioState, runId: string): SampleGrid | undefined =>
  gridAt(gridsOf(state, runId), state.cursorStep);

/** Each run's samples from the same noise and labels, tile by tile; one tile can be looked at in all of them. */
export function GridsSideBySide({ runs }: { readonly runs: readonly FigureRun[] }) {
  const { readGrids } = useCommands();
  const ids = runs.map(({ id }) => id).join(" ");
  useEffect(() => readGrids(ids.split(" ")), [readGrids, ids]);
  const [tile, setTile] = useState<number | null>(null);
  const sameNoise = useMemo(() => drawnAlike(runs), [runs]);
  return (
    <>
      <div className={classes.grids}>
        {runs.map((run) => (
          <RunGrid key={run.id} run={run} tile={tile} onTile={setTile} />
        ))}
      </div>
      <Hint>
        {sameNoise
          ? "The same noise and labels in every run, at the scrubber's step or the nearest one before it. Press a tile to see it large in all of them."
          : "These runs do not draw from the same noise and labels: their sampling settings or data differ."}
      </Hint>
    </>
  );
}

/** Whether tile i of every run has the same noise and the same label. */
function drawnAlike(runs: readonly FigureRun[]): boolean {
  const keys = runs.map(({ experiment: { sampling, data, autoencoder } }) =>
    JSON.stringify([sampling, data, autoencoder]),
  );
  return new Set(keys).size === 1;
}

function RunGrid(props: {
  readonly run: FigureRun;
  readonly tile: number | null;
  readonly onTile: (tile: number | null) => void;
}) {
  const { run, tile, onTile } = props;
  const grids = useStudio((state) => gridsOf(state, run.id));
  const grid = useStudio((state) => shownGrid(state, run.id));
  return (
    <figure className={classes.grid} data-grid="" aria-label={`Samples of ${run.name}`}>
      <figcaption>
        <span className={classes.swatch} style={{ background: run.color }} /> {run.name}
        <small>{grid ? `step ${grid.step}` : grids ? "no grid yet" : "reading"}</small>
      </figcaption>
      {grid && <Tiles grid={grid} tile={tile} onTile={onTile} />}
    </figure>
  );
}

function Tiles(props: {
  readonly grid: SampleGrid;
  readonly tile: number | null;
  readonly onTile: (tile: number | null) => void;
}) {
  const { grid, tile, onTile } = props;
  const names = useStudio(selectClassNames);
  const url = usePngUrl(grid.png);
  const { count, columns, labels } = grid;
  const shown = tile !== null && tile < count ? [tile] : Array.from({ length: count }, (_, i) => i);
  const across = shown.length === 1 ? 1 : columns;
  const rows = Math.ceil(count / columns);
  return (
    <div className={classes.tiles} style={{ gridTemplateColumns: `repeat(${across}, 1fr)` }}>
      {shown.map((index) => (
        <UnstyledButton
          key={index}
          className={classes.tile}
          aria-label={`Sample ${index + 1}: ${names[labels[index] ?? -1] ?? "no class"}`}
          aria-pressed={tile === index}
          onClick={() => onTile(tile === index ? null : index)}
          style={{
            backgroundImage: url === null ? "none" : `url(${url})`,
            backgroundSize: `${columns * 100}% ${rows * 100}%`,
            backgroundPosition: `${share(index % columns, columns)} ${share(Math.floor(index / columns), rows)}`,
          }}
        />
      ))}
    </div>
  );
}

/** Position of tile `index` of `count` as a background percentage. */
const share = (index: number, count: number): string =>
  count > 1 ? `${(100 * index) / (count - 1)}%` : "0%";
