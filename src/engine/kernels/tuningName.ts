import type { MatMulTuning } from "./device";

/** A tuning in one line: what is shown and stored of it. */
export const tuningName = ({ kind, tile, dots = true }: MatMulTuning): string =>
  kind === "shared"
    ? `shared ${tile.join("x")}`
    : `register ${tile.join("x")} ${dots ? "dots" : "steps"}`;
