import type { MatMulTuning } from "./device";

/** A tuning in one line, as it is shown and stored. */
export const tuningName = ({ kind, tile, dots = true }: MatMulTuning): string =>
  kind === "shared"
    ? `shared ${tile.join("x")}`
    : `register ${tile.join("x")} ${dots ? "dots" : "steps"}`;
