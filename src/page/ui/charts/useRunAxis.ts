import { useMemo } from "react";
import {
  groupsOf,
  selectBeside,
  selectOpenRun,
  type FigureGroup,
  type FigureRun,
} from "../../store/figureRuns";
import { stepEnd } from "../../store/selectors";
import type { StudioState } from "../../store/studioStore";
import { runLabel } from "../explain/names";
import { useStudio } from "../useStudio";
import type { HoverLine } from "./HoverValues";
import type { Drawing } from "./runLines";
import { useDrawn } from "./drawQueue";
import { endOf, placeOf, runAxis, type RunAxis } from "./runAxis";

const selectFold = (state: StudioState) => state.runs.foldSeeds;

/** Every run a figure draws, the open one last: on top. */
export function useFigureRuns(visible: boolean): readonly FigureRun[] {
  const beside = useDrawn(selectBeside, visible);
  const open = useDrawn(selectOpenRun, visible);
  return useMemo(() => named(open ? [...beside, open] : beside), [beside, open]);
}

/** With names that tell them apart. */
const named = (runs: readonly FigureRun[]): readonly FigureRun[] =>
  runs.map((run) => {
    const name = runLabel(run, runs);
    return name === run.name ? run : { ...run, name };
  });

/** The same in groups, where runs that differ in the seed alone are one. */
export function useFigureGroups(runs: readonly FigureRun[]): readonly FigureGroup[] {
  const foldSeeds = useStudio(selectFold);
  return useMemo(() => groupsOf(runs, foldSeeds), [runs, foldSeeds]);
}

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
  useStudio(({ run, experiment }) =>
    step === null
      ? null
      : placeOf(axis.mode, { log: run.log, experiment: run.experiment ?? experiment.value }, step),
  );

/** What the list beside the pointer says: the line of each group, by its name. */
export function useHoverLines(
  groups: readonly FigureGroup[],
  { lines }: Drawing,
): readonly HoverLine[] {
  return useMemo(
    () =>
      groups.flatMap(({ key, name, color }) => {
        const line = lines.find((one) => one.key === key);
        return line ? [{ key, name, color, points: line.points }] : [];
      }),
    [groups, lines],
  );
}
