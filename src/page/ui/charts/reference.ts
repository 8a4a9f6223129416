import { useMemo } from "react";
import type { BandRange } from "../../../common/config/referenceBand";
import type { StudioState } from "../../store/studioStore";
import { useStudio } from "../useStudio";
import type { RunAxis } from "./runAxis";

/** Lowest and highest value of a range, for the axis. */
export const rangeOf = ([, low, high]: BandRange): readonly [number, number] => [low, high];

const NONE: readonly BandRange[] = [];

/** The part of the reference runs' range a chart shows; none where the axis across is not steps. */
export function useReference(
  select: (state: StudioState) => readonly BandRange[],
  { mode, scale }: RunAxis,
): readonly BandRange[] {
  const ranges = useStudio(select);
  const end = scale.domain[1];
  return useMemo(() => (mode === "step" ? upTo(ranges, end) : NONE), [ranges, end, mode]);
}

/** Ranges up to a step, and the one after it: the band reaches the chart's edge. */
export function upTo(ranges: readonly BandRange[], end: number): readonly BandRange[] {
  const after = ranges.findIndex(([step]) => step >= end);
  return after < 0 ? ranges : ranges.slice(0, after + 1);
}
