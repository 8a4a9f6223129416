import { z } from "zod";
import { Experiment, TimelineEntry } from "./experiment";
import { migratePayload, SCHEMA_VERSION } from "./migrate";
import { GROUPS, SETTINGS } from "./settings";
import type { ConfigIssue } from "./validate";

/** What made the run: which images (their hash) and which code. */
export interface ReproCard {
  readonly datasetHash?: string;
  readonly codeVersion?: string;
}

/** What a link or a file of a run says. */
export interface SharedRun {
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
  readonly card: ReproCard;
}

const MAX_ISSUES = 50;
const MAX_PATH_CHARS = 80;
const MAX_MESSAGE_CHARS = 400;

const CARD_FIELDS: ReadonlyMap<string, z.ZodString> = new Map<keyof ReproCard, z.ZodString>([
  ["datasetHash", z.string().regex(/^[0-9a-f]{64}$/)],
  ["codeVersion", z.string().regex(/^[\w.+-]{1,64}$/)],
]);

/**
 * The outermost part of what is shared, nothing in it believed yet. Any object that JSON can hold: a record of zod would
 * drop a part named `__proto__` without a word.
 */
export const Payload = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

/** Settings by group, as they are written. */
export type WrittenSettings = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What is written: version, settings, and timeline and card where there are any. */
export const payloadOf = (experiment: WrittenSettings, { timeline, card }: SharedRun) => ({
  v: SCHEMA_VERSION,
  experiment,
  ...(timeline.length > 0 ? { timeline } : {}),
  ...(Object.keys(card).length > 0 ? { card } : {}),
});

/** Takes down one thing that was not read as written. */
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

function readTimeline(raw: unknown, maxChanges: number, report: Report): TimelineEntry[] {
  if (raw === undefined) return [];
  const list = z.array(z.unknown()).max(maxChanges).safeParse(raw);
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

/** What may be shared, and how messages call it. */
export interface ShareLimits {
  readonly what: "link" | "file";
  readonly maxChanges: number;
}

/**
 * Reads what was shared. A setting that is unknown or out of range becomes an issue naming it and falls back to its
 * default, and so does what a newer version wrote: the rest is offered. Settings that contradict each other are
 * `validateExperiment`'s business.
 *
 * @returns null when it names no version
 */
export function readShared(
  written: z.infer<typeof Payload>,
  { what, maxChanges }: ShareLimits,
): (SharedRun & { readonly issues: readonly ConfigIssue[] }) | null {
  const version = z.int().min(1).safeParse(written.v);
  if (!version.success) return null;
  const issues: ConfigIssue[] = [];
  const report: Report = (path, message) => {
    // hostile contents may hold thousands of made-up names, each as long as it likes
    if (issues.length >= MAX_ISSUES) return;
    const shown = {
      path: path.slice(0, MAX_PATH_CHARS),
      message: message.slice(0, MAX_MESSAGE_CHARS),
    };
    issues.push(shown);
  };
  if (version.data > SCHEMA_VERSION) {
    report(
      "v",
      `The ${what} was made by a newer studio (format ${version.data}; this one reads ${SCHEMA_VERSION}). Settings it does not know are left out.`,
    );
  }
  const { experiment, timeline, card, ...rest } = migratePayload(written, version.data);
  for (const key of Object.keys(rest).filter((part) => part !== "v")) {
    report(key, `This version knows no such part of a ${what}; it is left out.`);
  }
  return {
    experiment: readExperiment(experiment, report),
    timeline: readTimeline(timeline, maxChanges, report),
    card: readCard(card, report),
    issues,
  };
}
