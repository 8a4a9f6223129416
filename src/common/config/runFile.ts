import { StudioError } from "../errors/studioError";
import { Payload, payloadOf, readShared, type SharedRun } from "./sharedRun";
import type { ConfigIssue } from "./validate";

/** Says what the file is, to people and to `decodeRunFile`. */
const KIND = "repa-studio-run";
/** Far above any real file; larger ones are not read. */
export const MAX_RUN_FILE_BYTES = 8_000_000;
const MAX_CHANGES = 100_000;

const badFile = (what: string, cause?: unknown) =>
  new StudioError(
    "BAD_CONFIG",
    `This file cannot be read: ${what}.`,
    "Choose a file that the studio saved as an experiment (.json).",
    cause === undefined ? undefined : { cause },
  );

/** Why a file is not even opened; null for one that is. */
export const runFileRefusal = (bytes: number): StudioError | null =>
  bytes > MAX_RUN_FILE_BYTES
    ? badFile(`it has ${bytes} bytes, and at most ${MAX_RUN_FILE_BYTES} are read`)
    : null;

/**
 * An experiment with its control timeline and repro card as JSON: what a link says, for timelines too long for one. All
 * settings are written, so that the file means the same where a default has changed.
 */
export const encodeRunFile = (run: SharedRun): string =>
  `${JSON.stringify({ kind: KIND, ...payloadOf(run.experiment, run) }, null, 1)}\n`;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badFile(`it is no JSON (${cause instanceof Error ? cause.message : "?"})`, cause);
  }
}

/**
 * Reads such a file, as carefully as a link: nothing in it is believed, what cannot be taken is an issue.
 * @throws StudioError BAD_CONFIG when nothing can be read
 */
export function decodeRunFile(
  text: string,
): SharedRun & { readonly issues: readonly ConfigIssue[] } {
  const refusal = runFileRefusal(text.length);
  if (refusal) throw refusal;
  const payload = Payload.safeParse(parse(text));
  if (!payload.success) throw badFile("it holds no settings", payload.error);
  const { kind, ...written } = payload.data;
  if (kind !== KIND) throw badFile(`it does not say that it is a "${KIND}"`);
  const read = readShared(written, { what: "file", maxChanges: MAX_CHANGES });
  if (!read) throw badFile("it names no version");
  return read;
}
