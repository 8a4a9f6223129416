import { StudioError } from "../errors/studioError";
import type { Database } from "./db";
import { getSetting } from "./settings";

/**
 * A browser that finds its files of a database damaged deletes all of it and makes it anew: after a disk that was full, or a
 * cut of power. Chromium says so to whoever opens it next, page or worker, once; it is noted until the page has told it.
 */

/** Where the note is in `settings`. */
export const DATA_LOSS_KEY = "dataLoss";

/** What the browser says of a database that it made anew; null where nothing was lost, or it does not say. */
export function lossOf(event: IDBVersionChangeEvent): string | null {
  const lost = "dataLoss" in event && event.dataLoss === "total";
  if (!lost) return null;
  return "dataLossMessage" in event ? String(event.dataLossMessage) : "";
}

/**
 * The loss that was noted, as what it means; null when there is none. The note is gone then.
 * @returns StudioError STORAGE_LOST
 */
export async function takeLoss(db: Database): Promise<StudioError | null> {
  const said = await getSetting(db, DATA_LOSS_KEY);
  if (typeof said !== "string") return null;
  await db.delete("settings", DATA_LOSS_KEY);
  return new StudioError(
    "STORAGE_LOST",
    `The browser found what the studio had stored damaged and deleted it: runs, caches, weights and data sets are gone${said === "" ? "" : ` (${said})`}.`,
    "A full disk or a cut of power does that: look at the room on the disk first. Runs that were saved as files can be opened again.",
  );
}
