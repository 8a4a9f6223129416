import { Button, SegmentedControl, UnstyledButton } from "@mantine/core";
import { IconPhotoDown } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { samplerText } from "../../../common/config/samplerText";
import type { SampleGrid } from "../../../common/protocol/trainer";
import type { FigureRun } from "../../store/figureRuns";
import { selectClassNames } from "../../store/selectors";
import { saveBlob } from "../charts/exportChart";
import { useCommands } from "../commands";
import { Hint } from "../components/Notes";
import { usePngUrl } from "../panels/usePngUrl";
import { useStudio, useStudioStore } from "../useStudio";
import { DifferenceOfGrids, SwipedGrids } from "./GridPair";
import { gridsOf, shownGrid, tileStyle } from "./grids";
import { gridsPicture } from "./gridsPicture";
import { TileOverSteps } from "./TileOverSteps";
import classes from "./compare.module.css";

/** Each run's samples from the same noise and labels, tile by tile; one tile can be looked at in all of them. */
export function GridsSideBySide({ runs }: { readonly runs: readonly FigureRun[] }) {
  const { readGrids } = useCommands();
  const ids = runs.map(({ id }) => id).join(" ");
  useEffect(() => readGrids(ids.split(" ")), [readGrids, ids]);
  const [tile, setTile] = useState<number | null>(null);
  const [reading, setReading] = useState<Reading>("beside");
  const sameNoise = useMemo(() => drawnAlike(runs), [runs]);
  return (
    <>
      <div className={classes.head} data-no-export="">
        {runs.length === 2 ? (
          <SegmentedControl
            size="xs"
            aria-label="Samples as"
            data={READINGS}
            value={reading}
            onChange={(value) => {
              const chosen = READINGS.find((one) => one.value === value);
              if (chosen) setReading(chosen.value);
            }}
          />
        ) : (
          <span />
        )}
        <SaveGrids runs={runs} />
      </div>
      {runs.length === 2 && reading !== "beside" && <PairOfGrids runs={runs} reading={reading} />}
      <div className={classes.grids}>
        {runs.map((run) => (
          <RunGrid key={run.id} run={run} tile={tile} onTile={setTile} />
        ))}
      </div>
      {tile !== null && <TileOverSteps runs={runs} tile={tile} />}
      <Hint>
        {sameNoise
          ? "The same noise and labels in every run, at the scrubber's step or the nearest one before it. Press a tile to see it large in all of them, and over all steps."
          : "These runs do not draw from the same noise and labels: their sampling settings or data differ."}
      </Hint>
    </>
  );
}

type Reading = "beside" | "swipe" | "difference";

const READINGS: { readonly value: Reading; readonly label: string }[] = [
  { value: "beside", label: "Side by side" },
  { value: "swipe", label: "Swipe" },
  { value: "difference", label: "Difference" },
];

/** Two runs' samples in one picture; nothing while those of one are still read. */
function PairOfGrids(props: { readonly runs: readonly FigureRun[]; readonly reading: Reading }) {
  const { runs, reading } = props;
  const [a, b] = runs;
  const gridA = useStudio((state) => a && shownGrid(state, a.id));
  const gridB = useStudio((state) => b && shownGrid(state, b.id));
  if (!a || !b || !gridA || !gridB) return null;
  const pair = { first: { name: a.name, grid: gridA }, second: { name: b.name, grid: gridB } };
  return reading === "swipe" ? <SwipedGrids {...pair} /> : <DifferenceOfGrids {...pair} />;
}

/** All shown samples as one PNG that says what they are. */
function SaveGrids({ runs }: { readonly runs: readonly FigureRun[] }) {
  const store = useStudioStore();
  const save = async () => {
    const grids = runs.flatMap(({ id, name }) => {
      const grid = shownGrid(store.getState(), id);
      return grid ? [{ name, grid }] : [];
    });
    const caption = [...new Set(runs.map(({ experiment }) => samplerText(experiment)))].join("; ");
    if (grids.length > 0) {
      saveBlob(await gridsPicture(grids, `EMA weights, ${caption}`), "repa-studio-samples.png");
    }
  };
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconPhotoDown size={15} />}
      onClick={() => void save()}
    >
      Save as one PNG
    </Button>
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
  return (
    <div className={classes.tiles} style={{ gridTemplateColumns: `repeat(${across}, 1fr)` }}>
      {shown.map((index) => (
        <UnstyledButton
          key={index}
          className={classes.tile}
          aria-label={`Sample ${index + 1}: ${names[labels[index] ?? -1] ?? "no class"}`}
          aria-pressed={tile === index}
          onClick={() => onTile(tile === index ? null : index)}
          style={tileStyle(url, grid, index)}
        />
      ))}
    </div>
  );
}
