import { useMemo } from "react";
import type { Experiment } from "../../../common/config/experiment";
import {
  groupNames,
  groupsOf,
  selectBeside,
  selectLead,
  selectOpenRun,
  type FigureGroup,
  type FigureRun,
} from "../../store/figureRuns";
import { stepEnd } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import { forkText } from "../explain/forks";
import { runLabel } from "../explain/names";
import { useStudio } from "../useStudio";
import type { Drawing, HoverLine } from "./runLines";
import { useDrawn, type SeenFigure } from "./drawQueue";
import { endOf, placeOf, runAxis, type RunAxis } from "./runAxis";

const selectFold = (state: StudioState) => state.runs.foldSeeds;

/** Every run a figure draws, the open one last: on top. */
export function useFigureRuns(figure: SeenFigure): readonly FigureRun[] {
  const beside = useDrawn(selectBeside, figure);
  const open = useDrawn(selectOpenRun, figure);
  return useMemo(() => (open ? [...beside, open] : beside), [beside, open]);
}

/** The same in groups, where runs that differ in the seed alone are one. */
export function useFigureGroups(runs: readonly FigureRun[]): readonly FigureGroup[] {
  const foldSeeds = useStudio(selectFold);
  return useMemo(() => named(groupsOf(runs, foldSeeds)), [runs, foldSeeds]);
}

/** With names that tell them apart; a group of seeds says how many they are. */
function named(groups: readonly FigureGroup[]): readonly FigureGroup[] {
  const firsts = groups.flatMap(({ runs }) => runs[0] ?? []);
  return groups.map((group) => {
    const [first, ...others] = group.runs;
    if (!first) return group;
    const label =
      others.length > 0
        ? labelOf(withoutOwnSeed(first), firsts.map(withoutOwnSeed))
        : labelOf(first, firsts);
    return { ...group, ...groupNames(label, group.runs) };
  });
}

/** A group's name says nothing of the seed of its first run. */
function withoutOwnSeed(run: FigureRun): FigureRun {
  const { experiment } = run;
  const seedless = SEEDLESS.get(experiment) ?? {
    ...experiment,
    optimizer: { ...experiment.optimizer, seed: 0 },
  };
  SEEDLESS.set(experiment, seedless);
  return { ...run, experiment: seedless };
}

/** One object each, as names are remembered by it. */
const SEEDLESS = new WeakMap<Experiment, Experiment>();

/** A fork is told by what is other than in its parent: most of what it differs in from a preset is its parent's too. */
const labelOf = (run: FigureRun, all: readonly FigureRun[]): string =>
  run.forkedFrom ? `${run.name}, ${forkText(run.forkedFrom)}` : runLabel(run, all);

/** The axis across that all charts over steps share. */
export function useRunAxis(runs: readonly FigureRun[]): RunAxis {
  const mode = useStudio((state) => state.xMode);
  const log = useStudio((state) => state.xLog);
  const zoom = useStudio((state) => state.zoom);
  // rounded: axes are not drawn again for every step
  const end = stepEnd(endOf(mode, runs));
  return useMemo(() => runAxis(mode, log, end, zoom), [mode, log, end, zoom]);
}

/** Where the open run is at a step, on the axis; null for no step. */
export const useLeadPlace = (axis: RunAxis, step: number | null): number | null =>
  useStudio((state) => (step === null ? null : placeOf(axis.mode, selectLead(state), step)));

/** What the legend and the list beside the pointer say: the line of each group that has one, by its name. */
export function useHoverLines(
  groups: readonly FigureGroup[],
  { lines }: Drawing,
): readonly HoverLine[] {
  return useMemo(
    () =>
      groups.flatMap(({ key, name, color, dashed }) => {
        const points = lines.find((line) => line.key === key)?.points ?? [];
        return points.length > 0 ? [{ key, name, color, dashed, points }] : [];
      }),
    [groups, lines],
  );
}
