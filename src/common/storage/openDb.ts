import { openDB } from "idb";
import { StudioError, toFailure, type Failure } from "../errors/studioError";
import { DATA_LOSS_KEY, lossOf } from "./dataLoss";
import { DB_NAME, DB_VERSION, type Database, type StudioDb } from "./db";
import { abort } from "./transaction";
import { makeStores, moveRecords } from "./upgrade";

/** Others close within milliseconds when they are asked to; after this long one of them will not. */
const BLOCKED_MS = 3000;
/**
 * An open that hears nothing waits behind another one, which may be moving a large database into a new version; or which a
 * page made that was reloaded meanwhile: Chromium keeps its place in the queue.
 */
const SILENT_MS = 30_000;

export interface OpenOptions {
  /** Told when the connection ends without being closed by its owner. */
  readonly onClosed?: (failure: Failure) => void;
  /**
   * Told when a database of an older version is brought into this one's form, and which share of that is done; large ones
   * take long.
   */
  readonly onUpgrade?: (share: number) => void;
  /** How long another tab may keep it from opening; tests pass less. */
  readonly blockedMs?: number;
  readonly silentMs?: number;
}

/**
 * Opens the studio's database, creating or upgrading it. Whoever opens it closes it. A connection gives way by itself to
 * a newer version of the studio.
 * @throws StudioError STORAGE_UNAVAILABLE when the browser refuses (private mode, blocked site data); STORAGE_BLOCKED when
 * another tab keeps an older version open; STORAGE_OUTDATED when the database is newer than this code
 */
export function openStudioDb(
  name = DB_NAME,
  { onClosed = () => undefined, onUpgrade = () => undefined, ...waits }: OpenOptions = {},
): Promise<Database> {
  const { blockedMs = BLOCKED_MS, silentMs = SILENT_MS } = waits;
  return new Promise((resolve, reject) => {
    let failed: unknown;
    let gaveUp = false;
    const giveUp = (reason: StudioError) => {
      gaveUp = true;
      reject(reason);
    };
    let timer = setTimeout(() => giveUp(silentError(silentMs)), silentMs);
    const opening = openDB<StudioDb>(name, DB_VERSION, {
      upgrade(db, oldVersion, _newVersion, tx, event) {
        clearTimeout(timer); // nobody is waited for
        if (oldVersion > 0) onUpgrade(0);
        tx.done.catch(() => undefined); // the open fails with it
        const moved = async () => {
          makeStores(db, oldVersion, tx);
          const value = lossOf(event);
          if (value !== null) await tx.objectStore("settings").put({ key: DATA_LOSS_KEY, value });
          await moveRecords(oldVersion, tx, onUpgrade);
        };
        // a rejection would otherwise be nobody's, and half of the records would be committed
        moved().catch((thrown: unknown) => {
          failed = thrown;
          abort(tx);
        });
      },
      blocked() {
        clearTimeout(timer);
        timer = setTimeout(() => giveUp(blockedError()), blockedMs);
      },
      blocking(_current, wanted, event) {
        // or the newer version would wait until this tab is closed
        if (event.target instanceof IDBDatabase) event.target.close();
        onClosed(wanted === null ? toFailure(clearedError()) : toFailure(outdatedError()));
      },
      terminated: () => onClosed(toFailure(terminatedError())),
    });
    opening
      .then((db) => (gaveUp ? db.close() : resolve(db)))
      .catch((thrown: unknown) => reject(openError(name, failed ?? thrown)))
      .finally(() => clearTimeout(timer));
  });
}

function openError(name: string, cause: unknown): StudioError {
  if (cause instanceof DOMException && cause.name === "VersionError") return outdatedError(cause);
  return new StudioError(
    "STORAGE_UNAVAILABLE",
    `The browser refused to open the database "${name}": ${cause instanceof Error ? cause.message : String(cause)}`,
    "Allow site data for this page, or leave private browsing: the studio keeps latents, features and checkpoints there.",
    { cause },
  );
}

const blockedError = () =>
  new StudioError(
    "STORAGE_BLOCKED",
    "The database cannot be opened: another tab of the studio keeps it open, in an older version.",
    "Close the other tabs of the studio. What they train is kept up to its last checkpoint.",
  );

const silentError = (silentMs: number) =>
  new StudioError(
    "STORAGE_BLOCKED",
    `The database has not opened for ${silentMs / 1000} seconds: another tab may be moving it to a new version of the studio, or keep an older one open.`,
    "Wait: this page goes on once it opens. If nothing changes, close the other tabs of the studio.",
  );

const outdatedError = (cause?: unknown) =>
  new StudioError(
    "STORAGE_OUTDATED",
    "This page is older than what is stored here: a newer version of the studio was opened in this browser.",
    "Reload this page. A run that trains here ends; it goes on from its last checkpoint.",
    { cause },
  );

const clearedError = () =>
  new StudioError(
    "STORAGE_CLOSED",
    "What the studio stored here was deleted, in another tab or in the browser's settings.",
    "Reload this page.",
  );

const terminatedError = () =>
  new StudioError(
    "STORAGE_CLOSED",
    "The browser closed the studio's database by itself; its disk may be full or its data may have been cleared.",
    "Reload this page; a run goes on from its last checkpoint.",
  );
