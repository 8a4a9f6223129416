import { StudioError } from "../../common/errors/studioError";

const BY_HAND = "or fetch the file in another way and drop it onto the studio";

/** A download that did not come about: names the address and what happened. */
export const failedDownload = (url: string, what: string, cause?: unknown): StudioError =>
  new StudioError(
    "DOWNLOAD_FAILED",
    `${url} could not be downloaded: ${what}.`,
    `Check the connection and try again (what has arrived is kept), ${BY_HAND}.`,
    cause === undefined ? undefined : { cause },
  );

/** The hub wants a login or an agreement, which the studio does not have. */
export const gated = (url: string, status: number): StudioError =>
  new StudioError(
    "DOWNLOAD_FAILED",
    `${url} could not be downloaded: the hub responded with ${status}: the repository is private, gated or gone.`,
    "Download the file on huggingface.co with an account that may, then drop it onto the studio.",
  );

export const cancelled = (url: string): StudioError =>
  new StudioError(
    "CANCELLED",
    `The download of ${url} was stopped.`,
    "Start it again to go on where it stopped.",
  );

/** Whether a request with this status may succeed later. */
export const isPassing = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500;

/** A server that says to come back in a day is not waited for longer than this at a time. */
const LONGEST_WAIT_MS = 120_000;

/** Milliseconds a Retry-After header asks for, in either of its forms; null when it says nothing. */
export function retryDelayMs(header: string | null, nowMs: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(LONGEST_WAIT_MS, Math.max(0, ms));
}
