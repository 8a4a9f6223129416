import { Select } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import { optionLabel } from "../../../common/config/settings";
import type { SampleGrid } from "../../../common/protocol/trainer";
import type { AnalysedRun } from "../../store/analysisSlice";
import { ChartCard } from "../charts/ChartCard";
import { useCommands } from "../commands";
import { useStudio } from "../useStudio";
import { noteText } from "./figure";
import { sharedSteps, thinned, tileAt } from "./strips";
import { namesOf } from "./subjects";
import classes from "./analyse.module.css";

const TILES = 4;
const NO_GRIDS: readonly SampleGrid[] = [];

/** Two runs' samples from the same noise over steps, one strip a run. */
export function StripsFigure({ runs }: { readonly runs: readonly AnalysedRun[] }) {
  const { readGrids } = useCommands();
  const drawn = useMemo(() => runs.filter(({ gridSteps }) => gridSteps.length > 0), [runs]);
  const names = useMemo(() => namesOf(runs), [runs]);
  const [chosen, setChosen] = useState<readonly (string | null)[]>([null, null]);
  const pair = [0, 1].flatMap((place) => {
    const run = drawn.find(({ id }) => id === chosen[place]) ?? drawn[place];
    return run ?? [];
  });
  const ids = pair.map(({ id }) => id).join(" ");
  useEffect(() => {
    if (ids !== "") readGrids(ids.split(" "));
  }, [readGrids, ids, drawn]);
  const grids = useStudio((state) => state.analysis.grids);
  const [first, second] = pair;
  const ofRun = (run: AnalysedRun | undefined) => (run && grids[run.id]) ?? NO_GRIDS;
  const steps = thinned(sharedSteps(ofRun(first), second ? ofRun(second) : null));
  const seeds = [...new Set(pair.map(({ experiment }) => experiment.sampling.noiseSeed))];
  const sampling = first?.experiment.sampling;
  return (
    <ChartCard
      label="Samples over steps"
      title="Same noise over steps"
      answers="as the paper’s Figure 4"
      wide
      controls={[0, 1].map((place) => (
        <Select
          key={place}
          size="xs"
          w={210}
          allowDeselect={false}
          aria-label={place === 0 ? "First run" : "Second run"}
          data={drawn.map(({ id, name }) => ({ value: id, label: names.get(id) ?? name }))}
          value={pair[place]?.id ?? null}
          disabled={drawn.length <= place}
          onChange={(id) => setChosen((old) => old.map((other, at) => (at === place ? id : other)))}
        />
      ))}
      note={noteText([
        `n = ${TILES} images of a grid, EMA weights`,
        seeds.length < 2
          ? `noise seed ${seeds.join()}: the same noise and labels in every picture of a row`
          : `noise seeds ${seeds.join(" and ")}: rows of the two runs do not begin with the same noise`,
        ...(sampling
          ? [`${optionLabel("sampling.solver", sampling.solver)}, ${sampling.steps} steps`]
          : []),
        ...new Set(pair.flatMap(({ device }) => device?.adapter ?? [])),
      ])}
      table={{
        header: ["run", "step", "images", "noiseSeed"],
        rows: () =>
          pair.flatMap(({ id, experiment }) =>
            steps.map((step) => [names.get(id), step, TILES, experiment.sampling.noiseSeed]),
          ),
      }}
      empty={emptyText(drawn.length, steps.length, ofRun(first).length)}
    >
      <div className={classes.strips}>
        {pair.map((run) => (
          <Strip
            key={run.id}
            name={names.get(run.id) ?? run.name}
            grids={steps.flatMap((step) => ofRun(run).find((grid) => grid.step === step) ?? [])}
          />
        ))}
      </div>
    </ChartCard>
  );
}

function emptyText(runs: number, shared: number, read: number): string | null {
  if (runs === 0) return "Train a run up to its first sample grid";
  if (shared > 0) return null;
  return read > 0 ? "The two runs have no grid at the same step" : "Reading the grids";
}

function Strip({ name, grids }: { readonly name: string; readonly grids: readonly SampleGrid[] }) {
  return (
    <table className={classes.strip}>
      <caption>{name}</caption>
      <tbody>
        {Array.from({ length: TILES }, (_, index) => (
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
