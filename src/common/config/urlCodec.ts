import { deflateSync, inflateSync } from "fflate";
import { z } from "zod";
import { StudioError } from "../errors/studioError";
import { Experiment, TimelineEntry } from "./experiment";
import { migratePayload, SCHEMA_VERSION, type RawPayload } from "./migrate";
import { nonDefaults } from "./nonDefaults";
import { GROUPS, SETTINGS } from "./settings";
import type { ConfigIssue } from "./validate";

/** What made the run: which images (their hash) and which code. */
export interface ReproCard {
  readonly datasetHash?: string;
  readonly codeVersion?: string;
}

export interface SharedRun {
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
  readonly card: ReproCard;
}

const PREFIX = "#/run?x=";
const MAX_LINK_CHARS = 8192;
/** Far above any real payload; 8 kB of deflate could otherwise grow a thousandfold. */
const MAX_JSON_BYTES = 65_536;
const MAX_TIMELINE = 1000;
const MAX_ISSUES = 50;
const MAX_PATH_CHARS = 80;

const CARD_FIELDS: ReadonlyMap<string, z.ZodString> = new Map<keyof ReproCard, z.ZodString>([
  ["datasetHash", z.string().regex(/^[0-9a-f]{64}$/)],
  ["codeVersion", z.string().regex(/^[\w.+-]{1,64}$/)],
]);
const Payload = z.record(z.string(), z.unknown());

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
 * @throws StudioError BAD_LINK when the link would pass 8 kB (a very long timeline)
 */
export function encodeLink({ experiment, timeline, card }: SharedRun): string {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const { setting, value } of nonDefaults(experiment)) {
    (groups[setting.group] ??= {})[setting.key] = value;
  }
  const payload = {
    v: SCHEMA_VERSION,
    experiment: groups,
    ...(timeline.length > 0 ? { timeline } : {}),
    ...(Object.keys(card).length > 0 ? { card } : {}),
  };
  const json = new TextEncoder().encode(JSON.stringify(payload));
  const link = PREFIX + toBase64Url(deflateSync(json, { level: 9 }));
  if (link.length > MAX_LINK_CHARS) {
    throw new StudioError(
      "BAD_LINK",
      `The link would have ${link.length} characters; ${MAX_LINK_CHARS} are allowed. The timeline has ${timeline.length} changes.`,
      "Export the run's configuration as a file instead.",
    );
  }
  return link;
}

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

/** Takes down one thing of a link that was not read as written. */
type Report = (path: string, message: string) => void;

const firstMessage = (error: z.ZodError) => error.issues[0]?.message ?? "not a legal value";

/** An object's entries; anything else is reported, and nothing is not. */
function entriesOf(value: unknown, path: string, report: Report): [string, unknown][] {
  if (value === undefined) return [];
  const record = Payload.safeParse(value);
  if (!record.success) report(path, "This part is not a list of settings; it is left out.");
  return Object.entries(record.data ?? {});
}

function readExperiment(raw: unknown, report: Report): Experiment {
  const known = new Map(SETTINGS.map((setting) => [setting.path, setting]));
  const groups = new Set<string>(GROUPS);
  const read = new Map<string, Record<string, unknown>>();
  for (const [group, settings] of entriesOf(raw, "experiment", report)) {
    if (!groups.has(group)) {
      report(group, "This version knows no such group of settings; it is left out.");
      continue;
    }
    const values: Record<string, unknown> = {};
    for (const [key, value] of entriesOf(settings, group, report)) {
      const setting = known.get(`${group}.${key}`);
      const parsed = setting?.schema.safeParse(value);
      if (!setting || !parsed) {
        report(`${group}.${key}`, "This version knows no such setting; it is left out.");
      } else if (parsed.success) {
        values[key] = parsed.data;
      } else {
        const why = firstMessage(parsed.error);
        const fallback = JSON.stringify(setting.defaultValue);
        report(setting.path, `${setting.info.label}: ${why}. The default ${fallback} is used.`);
      }
    }
    read.set(group, values);
  }
  return Experiment.parse(Object.fromEntries(read));
}

function readTimeline(raw: unknown, report: Report): TimelineEntry[] {
  if (raw === undefined) return [];
  const list = z.array(z.unknown()).max(MAX_TIMELINE).safeParse(raw);
  if (!list.success) {
    report("timeline", `The control timeline: ${firstMessage(list.error)}. It is left out.`);
    return [];
  }
  return list.data.flatMap((entry, i) => {
    const parsed = TimelineEntry.safeParse(entry);
    if (parsed.success) return [parsed.data];
    const at = parsed.error.issues[0]?.path.join(".") ?? "";
    const path = ["timeline", i, at].filter((part) => part !== "").join(".");
    report(path, `Change ${i + 1}: ${firstMessage(parsed.error)}. It is left out.`);
    return [];
  });
}

function readCard(raw: unknown, report: Report): ReproCard {
  const card: Record<string, string> = {};
  for (const [key, value] of entriesOf(raw, "card", report)) {
    const parsed = CARD_FIELDS.get(key)?.safeParse(value);
    if (parsed?.success) card[key] = parsed.data;
    else report(`card.${key}`, "This part of the repro card cannot be read; it is left out.");
  }
  return card;
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
  const written = readPayload(hash);
  const version = z.int().min(1).safeParse(written.v);
  if (!version.success) throw badLink("it names no version");
  const issues: ConfigIssue[] = [];
  const report: Report = (path, message) => {
    // a hostile link may hold thousands of made-up names, each as long as it likes
    if (issues.length < MAX_ISSUES) issues.push({ path: path.slice(0, MAX_PATH_CHARS), message });
  };
  if (version.data > SCHEMA_VERSION) {
    report(
      "v",
      `The link was made by a newer studio (format ${version.data}; this one reads ${SCHEMA_VERSION}). Settings it does not know are left out.`,
    );
  }
  const { experiment, timeline, card, ...rest } = migratePayload(written, version.data);
  for (const key of Object.keys(rest).filter((part) => part !== "v")) {
    report(key, "This version knows no such part of a link; it is left out.");
  }
  return {
    experiment: readExperiment(experiment, report),
    timeline: readTimeline(timeline, report),
    card: readCard(card, report),
    issues,
  };
}
