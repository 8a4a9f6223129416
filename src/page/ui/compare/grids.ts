import type { CSSProperties } from "react";
import type { SampleGrid } from "../../../common/protocol/trainer";
import type { StudioState } from "../../store/studioStore";

/** What is read of a run's samples so far. The open run's grids are newer than what storage was asked for. */
export const gridsOf = (state: StudioState, runId: string): readonly SampleGrid[] | undefined =>
  state.run.runId === runId ? state.samples.grids : state.analysis.grids[runId];

const gridAt = (grids: readonly SampleGrid[] | undefined, cursor: number | null) =>
  grids?.findLast(({ step }) => step <= (cursor ?? Infinity));

/** The newest grid of a run that is not after the scrubber's step, as far as it has been read. */
export const shownGrid = (state: StudioState, runId: string): SampleGrid | undefined =>
  gridAt(gridsOf(state, runId), state.cursorStep);

/** Shows one tile of a grid's picture as a background. @param url of the whole picture */
export function tileStyle(url: string | null, grid: SampleGrid, tile: number): CSSProperties {
  const { count, columns } = grid;
  const rows = Math.ceil(count / columns);
  return {
    backgroundImage: url === null ? "none" : `url(${url})`,
    backgroundSize: `${columns * 100}% ${rows * 100}%`,
    backgroundPosition: `${share(tile % columns, columns)} ${share(Math.floor(tile / columns), rows)}`,
  };
}

/** Position of tile `index` of `count` as a background percentage. */
const share = (index: number, count: number): string =>
  count > 1 ? `${(100 * index) / (count - 1)}%` : "0%";
