import { TUNINGS } from "../kernels/chooseTuning";
import type { TuningTime } from "../kernels/rankWithin";
import type { MatMulTuning } from "../kernels/device";
import type { Database } from "../storage/db";
import { getSetting, putSetting } from "../storage/settings";

/** A tuning in one line: what is stored of it. */
export const tuningName = ({ kind, tile, dots = true }: MatMulTuning): string =>
  kind === "shared"
    ? `shared ${tile.join("x")}`
    : `register ${tile.join("x")} ${dots ? "dots" : "steps"}`;

/** The tuning of this name among those there are now; what is stored is not trusted further. */
export const tuningNamed = (stored: unknown): MatMulTuning | undefined =>
  TUNINGS.find((tuning) => tuningName(tuning) === stored);

/**
 * The matrix products' tuning for an adapter: measured the first time it is met, remembered by its name.
 * @param measure the best first (kernels/chooseTuning)
 * @returns undefined when nothing could be measured
 */
export async function tuningFor(
  adapter: string,
  openDatabase: () => Promise<Database>,
  measure: () => Promise<readonly TuningTime[]>,
): Promise<MatMulTuning | undefined> {
  const key = `tuning/${adapter}`;
  const db = await openDatabase().catch(() => undefined); // storage refused: measured every time
  try {
    const known = tuningNamed(db && (await getSetting(db, key)));
    if (known) return known;
    const [best] = await measure();
    if (best && db) await putSetting(db, key, tuningName(best.tuning));
    return best?.tuning;
  } finally {
    db?.close();
  }
}
