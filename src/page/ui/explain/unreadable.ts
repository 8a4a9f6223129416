import { keyText } from "../../store/dataSlice";
import type { CheckedStore, Unreadable } from "../../../common/storage/checked";

const NAMES: Readonly<Record<CheckedStore, string>> = {
  runs: "Run",
  log: "Row of a log",
  series: "Curve of run",
  grids: "Samples",
  checkpoints: "Checkpoint",
  caches: "Cache",
  weights: "Weights",
  datasets: "Images",
  analyses: "Measurement",
};

/** A record that cannot be read, as far as its key says what it is. */
export function unreadableName({ store, key }: Unreadable): string {
  const [runId, step]: readonly IDBValidKey[] = Array.isArray(key) ? key : [];
  if (store === "checkpoints" && runId !== undefined && step !== undefined) {
    return `Checkpoint of step ${keyText(step)} of run ${keyText(runId)}`;
  }
  return `${NAMES[store]} ${keyText(key)}`;
}
