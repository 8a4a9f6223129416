import { COMPONENT_ANALYSIS, PAPER_MARK } from "../../../common/catalogue/paper";
import type { PlotLevel } from "../charts/plotProps";

/** The alignment block of Table 2 its other studies repeat. */
const BASE = { study: "target", target: "DINOv2-L" } as const;

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
  readonly label: string;
  readonly fid: number;
  readonly accuracy: number;
}

/** Table 2's rows that print both, each once. */
export function paperDots(): readonly PaperDot[] {
  const dots = COMPONENT_ANALYSIS.rows.flatMap(({ target, depth, objective, scores }) =>
    target === null || scores.fid === null || scores.probeAccuracy === null
      ? []
      : {
          label: `${target}, block ${depth ?? "–"}${objective === "cosine" ? ", cosine" : ""}`,
          fid: scores.fid,
          accuracy: scores.probeAccuracy,
        },
  );
  return [...new Map(dots.map((dot) => [dot.label, dot])).values()];
}
