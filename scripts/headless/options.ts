import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Experiment, type TimelineEntry } from "../../src/config/experiment";
import { settingFields } from "../../src/config/nonDefaults";
import { presetById } from "../../src/config/presets";
import { decodeLink } from "../../src/config/urlCodec";
import { validateExperiment } from "../../src/config/validate";
import { StudioError } from "../../src/errors/studioError";
import type { BackendChoice } from "../../src/protocol/shared";

export const USAGE = `npm run headless -- (--preset ID | --url LINK) --out DIR [options]
  --preset ID          one of the presets (default first-minute)
  --url LINK           a share link, whole or from its # on, instead of a preset
  --steps N            optimiser steps, instead of the preset's
  --seed N             seed, instead of the preset's
  --set group.key=VAL  any other setting, repeatable; VAL is JSON or plain text
  --backend NAME       auto (default), webgpu, wasm or cpu
  --out DIR            where results go (created)
  --profile DIR        browser profile, which holds the run's state (default DIR/profile):
                       the same command again continues a run that was cut
  --download           fetch published weights the run needs; without it they must be in the profile
  --timeout MINUTES    stop, with a checkpoint, after so long (default: none)`;

const BACKENDS: readonly BackendChoice[] = ["auto", "webgpu", "wasm", "cpu"];

export interface HeadlessOptions {
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
  readonly backend: BackendChoice;
  readonly out: string;
  readonly profile: string;
  /** Whether weights may be fetched: the page asks a person, a script has to be told. */
  readonly download: boolean;
  /** Infinity when no limit was asked for. */
  readonly timeoutMs: number;
  /** The command as it can be typed again. */
  readonly command: string;
}

const refuse = (message: string) => new StudioError("BAD_CONFIG", message, USAGE);

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) {
    throw refuse(`--${name} must be a whole number, got "${text}".`);
  }
  return value;
}

/** JSON where it is JSON, so that true, 0.5 and ["tiny-vit"] mean what they say; else the text. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The experiment with `group.key` set to a value its schema accepts. */
function withSetting(experiment: Experiment, path: string, value: unknown): Experiment {
  const field = settingFields().find((candidate) => candidate.path === path);
  if (!field) {
    const known = settingFields().map((candidate) => candidate.path);
    throw refuse(`There is no setting "${path}". Settings: ${known.join(", ")}.`);
  }
  const parsed = field.schema.safeParse(value);
  if (!parsed.success) {
    const why = parsed.error.issues[0]?.message ?? "not a legal value";
    throw refuse(`${path} cannot be ${JSON.stringify(value)}: ${why}.`);
  }
  const group = { ...experiment[field.group], [field.key]: parsed.data };
  return Experiment.parse({ ...experiment, [field.group]: group });
}

interface Start {
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
}

/** What the link or the preset says. Unlike the page, a script has nobody to ask: any doubt is fatal. */
function startingPoint(url: string | undefined, preset: string | undefined): Start {
  if (url === undefined) {
    return { experiment: presetById(preset ?? "first-minute").experiment, timeline: [] };
  }
  if (preset !== undefined) throw refuse("--url and --preset exclude each other.");
  const { experiment, timeline, issues } = decodeLink(url.slice(Math.max(0, url.indexOf("#"))));
  if (issues.length > 0) {
    throw refuse(
      `The link cannot be taken as it is:\n${issues.map(({ path, message }) => `  ${path}: ${message}`).join("\n")}`,
    );
  }
  return { experiment, timeline };
}

function backendOf(name: string): BackendChoice {
  const found = BACKENDS.find((candidate) => candidate === name);
  if (!found) throw refuse(`--backend must be one of ${BACKENDS.join(", ")}, got "${name}".`);
  return found;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        preset: { type: "string" },
        url: { type: "string" },
        steps: { type: "string" },
        seed: { type: "string" },
        set: { type: "string", multiple: true, default: [] },
        backend: { type: "string", default: "auto" },
        out: { type: "string" },
        profile: { type: "string" },
        download: { type: "boolean", default: false },
        timeout: { type: "string" },
      },
    }).values;
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : String(cause));
  }
}

/** A word of the command line as a shell takes it back. */
const quoted = (word: string) =>
  /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * Reads the command line into an experiment that can run.
 * @throws StudioError BAD_CONFIG or BAD_LINK naming the argument, with the usage as hint
 */
export function readOptions(args: readonly string[]): HeadlessOptions {
  const values = parse(args);
  if (values.out === undefined) throw refuse("--out DIR is missing.");
  const start = startingPoint(values.url, values.preset);
  const settings: [string, unknown][] = values.set.map((text) => {
    const at = text.indexOf("=");
    if (at < 1) throw refuse(`--set needs group.key=value, got "${text}".`);
    return [text.slice(0, at), jsonOrText(text.slice(at + 1))];
  });
  if (values.steps !== undefined) {
    settings.push(["optimizer.steps", wholeNumber("steps", values.steps)]);
  }
  if (values.seed !== undefined) {
    settings.push(["optimizer.seed", wholeNumber("seed", values.seed)]);
  }
  const experiment = settings.reduce(
    (sofar, [path, value]) => withSetting(sofar, path, value),
    start.experiment,
  );
  const issues = validateExperiment(experiment, start.timeline);
  if (issues.length > 0) {
    throw refuse(issues.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  }
  const out = resolve(values.out);
  const minutes = values.timeout === undefined ? Infinity : wholeNumber("timeout", values.timeout);
  return {
    experiment,
    timeline: start.timeline,
    backend: backendOf(values.backend),
    out,
    profile: values.profile === undefined ? resolve(out, "profile") : resolve(values.profile),
    download: values.download,
    timeoutMs: minutes * 60_000,
    command: ["npm run headless --", ...args.map(quoted)].join(" "),
  };
}
