import { PAPER_MARK, TRAINING_COURSE } from "../../../common/catalogue/paper";

/** What is shown beside sizes the paper has no figures of. */
const SMALLEST = "SiT-B/2";

/** FID by iteration of Table 7 in words: its axes, 50,000 images and millions of steps, fit no chart of a tab. */
export function paperFidText(size: string): string {
  const aligned = TRAINING_COURSE.rows.filter((row) => row.aligned);
  const own = `SiT-${size}/2`;
  const model = aligned.some((row) => row.model === own) ? own : SMALLEST;
  const rows = aligned.filter((row) => row.model === model);
  const points = rows.map(
    ({ iterations, scores }) => `${scores.fid} at ${iterationText(iterations)}`,
  );
  return `${PAPER_MARK}: ${model} + REPA, FID (50,000 images) ${points.join(", ")} steps of 256; another metric on another axis`;
}

/** 400000 -> "400K", 4000000 -> "4M", as the paper writes them. */
export const iterationText = (iterations: number): string =>
  iterations >= 1_000_000 ? `${iterations / 1_000_000}M` : `${iterations / 1000}K`;
