import { deflateSync, inflateSync } from "fflate";
import { StudioError } from "../errors/studioError";
import type { RawPayload } from "./migrate";
import { nonDefaults } from "./nonDefaults";
import { Payload, payloadOf, readShared, type SharedRun } from "./sharedRun";
import type { ConfigIssue } from "./validate";

const PREFIX = "#/run?x=";
const MAX_LINK_CHARS = 8192;
/** Far above any real payload; 8 kB of deflate could otherwise grow a thousandfold. */
const MAX_JSON_BYTES = 65_536;
const MAX_TIMELINE = 1000;

const badLink = (what: string, cause?: unknown) =>
  new StudioError(
    "BAD_LINK",
    `This link cannot be read: ${what}.`,
    "Ask for it again, and copy it whole: chat programs cut long addresses.",
    cause === undefined ? undefined : { cause },
  );

const toBase64Url = (bytes: Uint8Array) =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

function fromBase64Url(text: string): Uint8Array {
  if (!/^[\w-]+$/.test(text)) throw badLink("its text is not base64url");
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (char) => char.charCodeAt(0));
  } catch (cause) {
    throw badLink("its text is not base64url", cause);
  }
}

/**
 * The fragment of a share link: `#/run?x=` and base64url(deflate-raw(JSON)) of the settings that differ
 * from the defaults, the control timeline and the repro card.
 *
 * @throws StudioError BAD_LINK when `decodeLink` would not read all of it again (a very long timeline)
 */
export function encodeLink(run: SharedRun): string {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const { setting, value } of nonDefaults(run.experiment)) {
    (groups[setting.group] ??= {})[setting.key] = value;
  }
  const json = new TextEncoder().encode(JSON.stringify(payloadOf(groups, run)));
  const link = PREFIX + toBase64Url(deflateSync(json, { level: 9 }));
  const changes = run.timeline.length;
  if (link.length > MAX_LINK_CHARS) {
    throw tooLong(`have ${link.length} characters; ${MAX_LINK_CHARS} are allowed`, changes);
  }
  // few characters may hold more than a reader unpacks: changes that are much alike
  if (json.length >= MAX_JSON_BYTES) {
    throw tooLong(`unpack to ${json.length} bytes; ${MAX_JSON_BYTES} are allowed`, changes);
  }
  if (changes > MAX_TIMELINE) {
    throw tooLong(`hold more than ${MAX_TIMELINE} changes, which are not read`, changes);
  }
  return link;
}

const tooLong = (what: string, changes: number) =>
  new StudioError(
    "BAD_LINK",
    `The link would ${what}. The timeline has ${changes} changes.`,
    "Save the experiment as a file instead, and open that file in the studio.",
  );

/** The payload of a link as plain JSON, nothing in it believed yet. */
function readPayload(hash: string): RawPayload {
  if (hash.length > MAX_LINK_CHARS) {
    throw badLink(`it has ${hash.length} characters, and at most ${MAX_LINK_CHARS} are read`);
  }
  if (!hash.startsWith(PREFIX)) throw badLink(`it does not start with ${PREFIX}`);
  const packed = fromBase64Url(hash.slice(PREFIX.length));
  let json: unknown;
  try {
    // a full buffer means there was more: nothing past it is ever allocated
    const bytes = inflateSync(packed, { out: new Uint8Array(MAX_JSON_BYTES) });
    if (bytes.length === MAX_JSON_BYTES) throw new RangeError(`more than ${MAX_JSON_BYTES} bytes`);
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw badLink(`it does not unpack (${cause instanceof Error ? cause.message : "?"})`, cause);
  }
  const payload = Payload.safeParse(json);
  if (!payload.success) throw badLink("it holds no settings", payload.error);
  return payload.data;
}

/**
 * Reads a share link's fragment. A setting that is unknown or out of range becomes an issue naming it and
 * falls back to its default, and so does a link of a newer version: the rest is offered. Nothing is started.
 * Settings that contradict each other are `validateExperiment`'s business.
 *
 * @param hash `location.hash`
 * @throws StudioError BAD_LINK when nothing can be read
 */
export function decodeLink(hash: string): SharedRun & { readonly issues: readonly ConfigIssue[] } {
  const read = readShared(readPayload(hash), { what: "link", maxChanges: MAX_TIMELINE });
  if (!read) throw badLink("it names no version");
  return read;
}
