import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Experiment, TimelineEntry } from "../../src/common/config/experiment";
import { withAllImages } from "../../src/common/config/imageEntries";
import { memoryRefusal } from "../../src/common/config/memoryRefusal";
import { presetById } from "../../src/common/config/presets";
import { decodeLink } from "../../src/common/config/urlCodec";
import { validateExperiment } from "../../src/common/config/validate";
import { fromFailure, StudioError } from "../../src/common/errors/studioError";
import type { BackendChoice } from "../../src/common/protocol/shared";
import { ADAPTERS } from "../node/adapters";
import { withSetting } from "./withSetting";

export const USAGE = `npm run headless -- (--preset ID | --url LINK) --out DIR [options]
  --preset ID          one of the presets (default first-minute)
  --url LINK           a share link, whole or from its # on, instead of a preset
  --steps N            optimiser steps, instead of the preset's
  --seed N             seed, instead of the preset's
  --set group.key=VAL  any other setting, repeatable; VAL is JSON or plain text
  --runtime NAME       browser (default): the built page in Chromium; node: the same sessions in this process
  --backend NAME       auto (default), webgpu, wasm or cpu
  --adapter NAME       Vulkan driver for --runtime node: default (the system's), lavapipe or swiftshader
  --images DIR         with --runtime node: train on the PNG images in DIR, one subfolder a class
  --image-size PX      side they are cropped to (default 64, or the link's)
  --out DIR            where results go (created)
  --results FILE       write the run as one file of results too, which the page opens (docs/result-files.md)
  --with-checkpoint    with --results: the newest checkpoint is in it, so that the run can go on from the file
  --state DIR          what a run goes on from: caches, checkpoints, weights (default DIR/state of --out,
                       removed when the run is finished); the same command again continues a run that was
                       cut. Name a folder to keep it for other runs. --profile is its older name
  --download           fetch published weights the run needs; without it they must be in the state
  --timeout MINUTES    stop, with a checkpoint, after so long (default: none)
  --help               print this`;

const BACKENDS: readonly BackendChoice[] = ["auto", "webgpu", "wasm", "cpu"];
const RUNTIMES = ["browser", "node"] as const;
type RuntimeName = (typeof RUNTIMES)[number];
/** Side of imported squares, px: what the page's form proposes, and the side of the built-in images. */
const IMAGE_SIZE = 64;

export interface HeadlessOptions {
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
  readonly runtime: RuntimeName;
  readonly backend: BackendChoice;
  /** Vulkan driver of the node runtime. */
  readonly adapter: string;
  /** Folder of images to import and train on; null: the experiment's own data. */
  readonly images: string | null;
  /** Side they are cropped to, px. */
  readonly imageSize: number;
  readonly out: string;
  /** The file of results to write as well; null: none. */
  readonly results: string | null;
  /** Whether its newest checkpoint is in that file. */
  readonly withCheckpoint: boolean;
  /** The state folder as given by hand; null: one in `out`, removed when the run is finished. */
  readonly state: string | null;
  /** Whether weights may be fetched. The page asks the user; a script needs an option. */
  readonly download: boolean;
  /** Infinity when no limit was asked for. */
  readonly timeoutMs: number;
  /** The command as it can be typed again. */
  readonly command: string;
}

const refuse = (message: string) => new StudioError("BAD_CONFIG", message, USAGE);

/** Whether the command line asks for the usage alone. */
export const asksForHelp = (args: readonly string[]): boolean =>
  args.includes("--help") || args.includes("-h");

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

interface Start {
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
}

/** The experiment of the link or the preset. A script cannot ask the user, so any issue of a link is an error. */
function startingPoint(url: string | undefined, preset: string | undefined): Start {
  if (url === undefined) {
    const { experiment } = presetById(preset ?? "first-minute");
    return { experiment: withAllImages(experiment), timeline: [] };
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

function oneOf<T extends string>(option: string, known: readonly T[], name: string): T {
  const found = known.find((candidate) => candidate === name);
  if (found === undefined) {
    throw refuse(`--${option} must be one of ${known.join(", ")}, got "${name}".`);
  }
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
        runtime: { type: "string", default: "browser" },
        backend: { type: "string", default: "auto" },
        adapter: { type: "string" },
        images: { type: "string" },
        "image-size": { type: "string" },
        out: { type: "string" },
        results: { type: "string" },
        "with-checkpoint": { type: "boolean", default: false },
        state: { type: "string" },
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

/** The options that the node runtime alone has. @throws StudioError when the runtime is another */
function nodeOnly(values: ReturnType<typeof parse>, experiment: Experiment) {
  const runtime = oneOf("runtime", RUNTIMES, values.runtime);
  for (const option of ["adapter", "images"] as const) {
    if (runtime === "node" || values[option] === undefined) continue;
    throw refuse(`--${option} needs --runtime node: the browser has its own.`);
  }
  const linked = experiment.data.imported?.resolution;
  const asked = values["image-size"];
  return {
    runtime,
    adapter: oneOf("adapter", ADAPTERS, values.adapter ?? "default"),
    images: values.images === undefined ? null : resolve(values.images),
    imageSize: asked === undefined ? (linked ?? IMAGE_SIZE) : wholeNumber("image-size", asked),
  };
}

/** The experiment with the settings that options change. */
function settledExperiment(values: ReturnType<typeof parse>, start: Experiment): Experiment {
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
  return settings.reduce((sofar, [path, value]) => withSetting(sofar, path, value), start);
}

/** @throws StudioError BAD_CONFIG naming every setting that cannot be, OUT_OF_MEMORY for a run that wasm cannot hold */
export function assertCanRun(
  experiment: Experiment,
  timeline: readonly TimelineEntry[],
  backend: BackendChoice,
): void {
  const issues = validateExperiment(experiment, timeline);
  if (issues.length > 0) {
    throw refuse(issues.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  }
  // what other devices hold is known once they are open
  const refusal = backend === "wasm" ? memoryRefusal(experiment, { backend }) : null;
  if (refusal) throw fromFailure(refusal);
}

/**
 * Reads the command line into an experiment that can run.
 * @throws StudioError BAD_CONFIG or BAD_LINK naming the argument, with the usage as hint
 */
export function readOptions(args: readonly string[]): HeadlessOptions {
  const values = parse(args);
  if (values.out === undefined) throw refuse("--out DIR is missing.");
  const start = startingPoint(values.url, values.preset);
  const experiment = settledExperiment(values, start.experiment);
  const forNode = nodeOnly(values, experiment);
  // with images of the user the experiment is checked after their import
  const backend = oneOf("backend", BACKENDS, values.backend);
  if (forNode.images === null) assertCanRun(experiment, start.timeline, backend);
  if (values.state !== undefined && values.profile !== undefined) {
    throw refuse("--state and --profile are two names of one option.");
  }
  const state = values.state ?? values.profile;
  if (values["with-checkpoint"] && values.results === undefined) {
    throw refuse("--with-checkpoint needs --results FILE.");
  }
  const minutes = values.timeout === undefined ? Infinity : wholeNumber("timeout", values.timeout);
  return {
    experiment,
    timeline: start.timeline,
    ...forNode,
    backend,
    out: resolve(values.out),
    results: values.results === undefined ? null : resolve(values.results),
    withCheckpoint: values["with-checkpoint"],
    state: state === undefined ? null : resolve(state),
    download: values.download,
    timeoutMs: minutes * 60_000,
    command: ["npm run headless --", ...args.map(quoted)].join(" "),
  };
}
