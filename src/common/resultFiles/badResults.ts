import { StudioError } from "../errors/studioError";

/** A file of results that cannot be read, and why. @param what goes on a sentence that began with the file's name */
export const badResults = (name: string, what: string, cause?: unknown): StudioError =>
  new StudioError(
    "BAD_RESULTS",
    `${name}: ${what}.`,
    "Open a file that the studio saved as results (.zip), or one that keeps to docs/result-files.md.",
    cause === undefined ? undefined : { cause },
  );

/** An error of an archive or of JSON as one of the file of results it is in. */
export function asBadResults(name: string, thrown: unknown): StudioError {
  if (thrown instanceof StudioError && thrown.code !== "BAD_ARCHIVE") return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const what = message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
  return badResults(name, what.replace(/\.$/, ""), thrown);
}
