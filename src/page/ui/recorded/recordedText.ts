import type { RecordedRun, RecordedRuns } from "../../../common/config/recordedRuns";

/** The point of a curve that is not after `step`; its first where all are. */
export const pointAt = (
  curve: RecordedRun["losses"],
  step: number,
): readonly [step: number, value: number] | undefined =>
  curve.findLast(([at]) => at <= step) ?? curve[0];

/** The grid that is not after `step`; the first where all are. */
export const gridOf = ({ grids }: RecordedRun, step: number) =>
  grids.findLast((grid) => grid.step <= step) ?? grids[0];

/** Steps at which a grid was drawn, of all runs, ascending. */
export const gridSteps = ({ runs }: RecordedRuns): number[] =>
  [...new Set(runs.flatMap(({ grids }) => grids.map(({ step }) => step)))].sort((a, b) => a - b);

/** What the recording shows, in two sentences. */
export const aboutText = ({ steps, batchSize, images }: RecordedRuns): string =>
  `The first ${steps} steps of a small SiT, ${batchSize} of ${images} images each: it goes from noise to colours and shapes, not yet to emoji. With REPA its hidden states are pulled toward a frozen encoder, and CKNNA says how far its best block agrees with that encoder; both runs draw from the same noise.`;

/** The CKNNA measured last. */
export const cknnaText = ({ cknna }: RecordedRun, step: number): string => {
  const point = cknna.findLast(([at]) => at <= step);
  return point ? `CKNNA ${point[1].toFixed(3)} at step ${point[0]}` : "CKNNA not measured yet";
};
