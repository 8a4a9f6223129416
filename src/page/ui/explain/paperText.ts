import { FAMILY_LABELS, type ModelFamily } from "../../../common/config/modelFamily";
import { MODEL_SCALE, PAPER_MARK, TRAINING_COURSE } from "../../../common/catalogue/paper";

/** An FID the paper prints of an aligned model after so many steps. */
interface PaperFid {
  readonly model: string;
  readonly iterations: number;
  readonly fid: number | null;
}

/** Aligned models of a family by training length: Table 7 for SiT; Table 3 for DiT, which Table 7 leaves out. */
const alignedRows = (family: ModelFamily): readonly PaperFid[] =>
  family === "dit"
    ? MODEL_SCALE.rows.filter(({ aligned, model }) => aligned && model.startsWith("DiT"))
    : TRAINING_COURSE.rows
        .filter(({ aligned }) => aligned)
        .map(({ model, iterations, scores }) => ({ model, iterations, fid: scores.fid }));

/** FID by iteration in words: its axes, 50,000 images and millions of steps, fit no chart of a tab. */
export function paperFidText(family: ModelFamily, size: string): string {
  const aligned = alignedRows(family);
  const own = `${FAMILY_LABELS[family]}-${size}/2`;
  // beside sizes the paper has no figures of, its smallest: the rows come by size
  const model = aligned.some((row) => row.model === own) ? own : (aligned[0]?.model ?? own);
  const rows = aligned.filter((row) => row.model === model);
  const points = rows.map(({ iterations, fid }) => `${fid} at ${iterationText(iterations)}`);
  return `${PAPER_MARK}: ${model} + REPA, FID (50,000 images) ${points.join(", ")} steps of 256; another metric on another axis`;
}

/** 400000 -> "400K", 4000000 -> "4M", as the paper writes them. */
export const iterationText = (iterations: number): string =>
  iterations >= 1_000_000 ? `${iterations / 1_000_000}M` : `${iterations / 1000}K`;
