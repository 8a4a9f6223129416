import { useMemo } from "react";
import type { BandRange } from "../../../common/config/referenceBand";
import type { StudioState } from "../../store/studioStore";
import { useStudio } from "../useStudio";

/** Lowest and highest value of a range, for the axis. */
export const rangeOf = ([, low, high]: BandRange): readonly [number, number] => [low, high];

/** The part of the reference runs' range a chart up to `end` shows. */
export function useReference(
  select: (state: StudioState) => readonly BandRange[],
  end: number,
): readonly BandRange[] {
  const ranges = useStudio(select);
  return useMemo(() => upTo(ranges, end), [ranges, end]);
}

/** Ranges up to a step, and the one after it: the band reaches the chart's edge. */
export function upTo(ranges: readonly BandRange[], end: number): readonly BandRange[] {
  const after = ranges.findIndex(([step]) => step >= end);
  return after < 0 ? ranges : ranges.slice(0, after + 1);
}
