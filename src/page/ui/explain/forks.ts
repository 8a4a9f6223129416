import { settingAt } from "../../../common/config/settings";
import type { StoredRun } from "../../store/dataSlice";
import { changedText } from "./names";

/** Where a fork was begun and in what it differs: "from 400: λ 0.5 → 0". */
export function forkText({
  step,
  change = [],
}: Pick<NonNullable<StoredRun["parent"]>, "step" | "change">): string {
  const from = step === 0 ? "from the start" : `from ${step}`;
  const changes = change.flatMap(({ path, from: was, to }) => {
    const setting = settingAt(path); // a later version may have others
    return setting ? changedText(setting, was, to) : [];
  });
  return changes.length > 0 ? `${from}: ${changes.join(", ")}` : from;
}

/** What becomes of a deleted run's forks; undefined where it has none. */
export const forksStay = (count: number): string | undefined =>
  count === 0
    ? undefined
    : count === 1
      ? "its fork stays: it has its own checkpoint"
      : `its ${count} forks stay: they have their own checkpoints`;
