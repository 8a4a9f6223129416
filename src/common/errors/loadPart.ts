import { StudioError } from "./studioError";

/**
 * A part of a worker's code that is fetched when it is first needed.
 * @param load imports it
 * @throws StudioError WORKER_FAILED where it does not come: a worker keeps a failed import, so that it has to be ended
 */
export async function loadPart<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StudioError(
      "WORKER_FAILED",
      `A part of the studio's code did not load (${why}).`,
      "Check the connection and try again; if it fails again, reload the page: the site may have a newer version.",
      { cause },
    );
  }
}
