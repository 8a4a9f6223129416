import { samplerText } from "../../../common/config/samplerText";
import { evenly } from "../../../common/math/evenly";
import type { SampleGrid } from "../../../common/protocol/trainer";
import type { AnalysedRun } from "../../store/analysisSlice";
import { noteText, type FigureFrame } from "./figure";
import type { Chosen, FigureInput, Reading } from "./figureInput";
import { namesOf } from "./subjects";

/** Tiles of a grid that are shown: a strip's rows. */
export const STRIP_TILES = 4;
/** Columns of a strip: more steps than this are thinned to it, first and last kept. */
const MOST_STEPS = 8;

/** Of many steps as many as a strip has columns. */
export const thinned = <T>(items: readonly T[], most = MOST_STEPS): readonly T[] =>
  evenly(items, most);

/** Where tile `index` of a grid lies in its PNG, px. */
export function tileAt(
  { columns, tile }: SampleGrid,
  index: number,
): readonly [x: number, y: number] {
  return [(index % columns) * tile, Math.floor(index / columns) * tile];
}

/** Steps both have a grid at; of one alone, all of its. */
export function sharedSteps(
  first: readonly SampleGrid[],
  second: readonly SampleGrid[] | null,
): readonly number[] {
  const steps = first.map(({ step }) => step);
  if (second === null) return steps;
  const others = new Set(second.map(({ step }) => step));
  return steps.filter((step) => others.has(step));
}

/** One run's samples over steps. */
export interface Strip {
  readonly key: string;
  readonly name: string;
  readonly grids: readonly SampleGrid[];
}

export interface StripsFigure extends FigureFrame {
  readonly kind: "strips";
  readonly strips: readonly Strip[];
}

type Query = Pick<FigureInput, "runs" | "grids">;

const PLACES = ["First run", "Second run"] as const;

const withGrids = (runs: readonly AnalysedRun[]) =>
  runs.filter(({ gridSteps }) => gridSteps.length > 0);

/** The run chosen for each place; the first two unless chosen otherwise. */
const pairOf = ({ runs }: Pick<Query, "runs">, chosen: Chosen): readonly AnalysedRun[] =>
  PLACES.flatMap((label, place) => {
    const drawn = withGrids(runs);
    return drawn.find(({ id }) => id === chosen[label]) ?? drawn[place] ?? [];
  });

/** A menu of runs for each of the two strips. */
export function stripReadings({ runs }: Pick<Query, "runs">): readonly Reading[] {
  const names = namesOf(runs);
  const drawn = withGrids(runs);
  const options = drawn.map(({ id, name }) => ({ id, name: names.get(id) ?? name }));
  return PLACES.map((label, place) => ({
    label,
    look: "menu",
    options: drawn.length > place ? options : [],
    value: (chosen) => pairOf({ runs }, chosen)[place]?.id ?? null,
  }));
}

/** Runs whose grids the strips need. */
export const stripRuns = (input: Pick<Query, "runs">, chosen: Chosen): readonly string[] =>
  pairOf(input, chosen).map(({ id }) => id);

function emptyText(runs: number, shared: number, read: number): string | null {
  if (runs === 0) return "Train a run up to its first sample grid.";
  if (shared > 0) return null;
  return read > 0 ? "The two runs have no grid at the same step." : "Reading the grids";
}

const noteOf = (pair: readonly AnalysedRun[]): string => {
  const seeds = [...new Set(pair.map(({ experiment }) => experiment.sampling.noiseSeed))];
  const experiment = pair[0]?.experiment;
  return noteText([
    `n = ${STRIP_TILES} images of a grid, EMA weights`,
    seeds.length < 2
      ? `noise seed ${seeds.join()}: the same noise and labels in every picture of a row`
      : `noise seeds ${seeds.join(" and ")}: rows of the two runs do not begin with the same noise`,
    ...(experiment ? [samplerText(experiment)] : []),
    ...new Set(pair.flatMap(({ device }) => device?.adapter ?? [])),
  ]);
};

/** As Figure 4: two runs' samples from the same noise over steps, one strip a run. */
export function sameNoiseOverSteps(query: Query, chosen: Chosen): StripsFigure {
  const pair = pairOf(query, chosen);
  const names = namesOf(query.runs);
  const gridsOf = (run: AnalysedRun | undefined) => (run && query.grids[run.id]) ?? [];
  const [first, second] = pair;
  const steps = thinned(sharedSteps(gridsOf(first), second ? gridsOf(second) : null));
  return {
    kind: "strips",
    strips: pair.map((run) => ({
      key: run.id,
      name: names.get(run.id) ?? run.name,
      grids: steps.flatMap((step) => gridsOf(run).find((grid) => grid.step === step) ?? []),
    })),
    note: noteOf(pair),
    table: {
      header: ["run", "step", "images", "noiseSeed"],
      rows: () =>
        pair.flatMap(({ id, experiment }) =>
          steps.map((step) => [names.get(id), step, STRIP_TILES, experiment.sampling.noiseSeed]),
        ),
    },
    empty: emptyText(withGrids(query.runs).length, steps.length, gridsOf(first).length),
  };
}
