import { StudioError } from "../errors/studioError";

const MEBIBYTE = 2 ** 20;

/** The error of a failed database operation; a full disk has its own code. */
export function storageError(doing: string, cause: unknown): StudioError {
  if (cause instanceof StudioError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof DOMException && cause.name === "QuotaExceededError") {
    return new StudioError(
      "QUOTA_EXCEEDED",
      `The browser's storage for this page is full (while ${doing}).`,
      "Open Storage and delete a cache or an old run, then press Resume: nothing written so far is lost.",
      { cause },
    );
  }
  if (cause instanceof DOMException && cause.name === "InvalidStateError") {
    return new StudioError(
      "STORAGE_CLOSED",
      `The browser's database was closed while ${doing}: a newer version of the studio runs in another tab, the site's data were cleared, or the disk is full.`,
      "Reload the page; the run resumes from its last checkpoint.",
      { cause },
    );
  }
  return new StudioError(
    "STORAGE_FAILED",
    `The browser's database failed while ${doing}: ${message}`,
    // of a disk that is full browsers say no more than that a write failed
    "Make room on the disk if it is full, then reload the page: the run resumes from its last checkpoint.",
    { cause },
  );
}

/** For `catch`: the error of a failed operation in place of what the browser said. */
export const failing =
  (doing: string) =>
  (cause: unknown): Promise<never> =>
    Promise.reject(storageError(doing, cause));

/** Whether an operation failed because its connection or its transaction ended, not because of what it read. */
export const isClosed = (cause: unknown): boolean =>
  cause instanceof DOMException &&
  (cause.name === "InvalidStateError" || cause.name === "AbortError");

export interface StorageUse {
  readonly usedBytes: number;
  readonly quotaBytes: number;
  /** True when the browser has promised not to evict this page's data. */
  readonly persistent: boolean;
}

/** Bytes used and allowed in this page's storage, as the browser estimates them. */
export async function storageUse(): Promise<StorageUse> {
  const [estimate, persistent] = await Promise.all([
    navigator.storage.estimate(),
    navigator.storage.persisted(),
  ]);
  return { usedBytes: estimate.usage ?? 0, quotaBytes: estimate.quota ?? 0, persistent };
}

/** Something that can be deleted, and what that would free. */
export interface Deletable {
  readonly label: string;
  readonly bytes: number;
}

const mib = (bytes: number) => `${Math.ceil(bytes / MEBIBYTE)} MiB`;
/** How many of the largest a message names. */
const NAMED = 3;

/**
 * @param deletable called only when there is no room, to list what can be deleted and how much it frees
 * @throws StudioError QUOTA_EXCEEDED before anything is computed or fetched that could not be kept
 */
export async function assertRoomFor(
  bytes: number,
  what: string,
  deletable: () => Promise<readonly Deletable[]>,
): Promise<void> {
  const { usedBytes, quotaBytes } = await storageUse();
  if (quotaBytes === 0 || usedBytes + bytes <= quotaBytes) return;
  const largest = [...(await deletable())].sort((a, b) => b.bytes - a.bytes).slice(0, NAMED);
  const named = largest.map(({ label, bytes: freed }) => `${label} (frees ${mib(freed)})`);
  throw new StudioError(
    "QUOTA_EXCEEDED",
    `${what} needs ${mib(bytes)}; ${mib(Math.max(0, quotaBytes - usedBytes))} of ${mib(quotaBytes)} are free.`,
    named.length > 0
      ? `Delete something under Storage: ${named.join(", ")}.`
      : "Make room on the disk: what the browser allows follows from it.",
  );
}
