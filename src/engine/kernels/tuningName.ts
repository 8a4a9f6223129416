import type { MatMulTuning } from "./device";
import { sharedTileName } from "./sharedTile";

/** A tuning in one line, as it is shown; one of a single tile is stored by it as well. */
export function tuningName(tuning: MatMulTuning): string {
  if (tuning.kind === "register") {
    const { tile, dots = true } = tuning;
    return `register ${tile.join("x")} ${dots ? "dots" : "steps"}`;
  }
  const tiles = tuning.speeds.map(({ tile }) => sharedTileName(tile));
  return `shared ${tiles.join(" or ")}${tiles.length > 1 ? ` (${tuning.fill} workgroups at once)` : ""}`;
}
