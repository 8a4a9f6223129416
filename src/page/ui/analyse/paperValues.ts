import { COMPONENT_ANALYSIS, PAPER_MARK, type ComponentRow } from "../../../common/catalogue/paper";
import type { PlotLevel } from "../charts/plotProps";

/** The alignment block of Table 2 its other studies repeat. */
const BASE = { study: "target", target: "DINOv2-L" } as const;

/** The block that Table 2 aligns unless it says otherwise. */
const USUAL_BLOCK = 8;

/** The paper's probe accuracy of the aligned layer as a level, marked. */
export function paperProbeLevel(): PlotLevel {
  const row = COMPONENT_ANALYSIS.rows.find(
    ({ study, target }) => study === BASE.study && target === BASE.target,
  );
  const accuracy = row?.scores.probeAccuracy ?? NaN;
  return {
    value: accuracy,
    label: `${PAPER_MARK}: SiT-L/2 aligned with ${BASE.target} ${accuracy} %`,
    paper: true,
  };
}

/** One dot of Table 2: FID against linear probe accuracy in %. */
export interface PaperDot {
  readonly key: string;
  /** Names the block where it is not the usual one. */
  readonly label: string;
  readonly fid: number;
  readonly accuracy: number;
}

/** @param depth undefined: the block is not named */
const dotName = (
  target: string,
  depth: number | null | undefined,
  objective: ComponentRow["objective"],
): string =>
  [
    target,
    ...(depth === undefined ? [] : [`block ${depth ?? "–"}`]),
    ...(objective === "cosine" ? ["cosine"] : []),
  ].join(", ");

/** Table 2's rows that print both, each once. */
export function paperDots(): readonly PaperDot[] {
  const dots = COMPONENT_ANALYSIS.rows.flatMap(({ target, depth, objective, scores }) =>
    target === null || scores.fid === null || scores.probeAccuracy === null
      ? []
      : {
          key: dotName(target, depth, objective),
          label: dotName(target, depth === USUAL_BLOCK ? undefined : depth, objective),
          fid: scores.fid,
          accuracy: scores.probeAccuracy,
        },
  );
  return [...new Map(dots.map((dot) => [dot.key, dot])).values()];
}
