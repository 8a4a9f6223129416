/**
 * Makes the reference band of a preset from finished headless runs: `npm run bands -- PRESET DIR...`, each DIR the
 * --out of one `npm run headless` (metrics.jsonl and summary.json). Writes public/bands/PRESET.json.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Experiment } from "../src/common/config/experiment";
import { bandPresetOf, type ReferenceBand } from "../src/common/config/referenceBand";
import { exponentialSmooth } from "../src/common/math/smooth";
import { envelope, type Curve } from "./bands/envelope";

/** The charts' default weight (src/page/store/viewSlice.ts): the band is of curves as they are first seen. */
const SMOOTHING = 0.9;
const WINDOW_STEPS = 10;
const OUT = "public/bands";

const Step = z.object({
  kind: z.literal("step"),
  step: z.int(),
  velocityLoss: z.number(),
  projLoss: z.number(),
  gradNorm: z.number(),
});
const Quality = z.object({
  kind: z.literal("sampleQuality"),
  step: z.int(),
  space: z.string(),
  kid: z.number(),
  frechetTop: z.number(),
});
const Alignment = z.object({
  kind: z.literal("layerAlignment"),
  step: z.int(),
  encoder: z.string(),
  cknna: z.array(z.number()),
});
const Line = z.discriminatedUnion("kind", [Step, Quality, Alignment]);
const Summary = z.object({
  command: z.string(),
  phase: z.enum(["finished", "stopped"]),
  steps: z.int(),
  device: z.object({ backend: z.string(), adapter: z.string() }),
  datasetHash: z.string(),
  experiment: Experiment,
});

/** One run as the band needs it. @throws when it failed or is no run of the preset */
async function readRun(preset: string, dir: string) {
  const summary = Summary.parse(JSON.parse(await readFile(join(dir, "summary.json"), "utf8")));
  const found = bandPresetOf(summary.experiment);
  if (found !== preset)
    throw new Error(`${dir} is a run of ${found ?? "no preset"}, not ${preset}.`);
  const text = await readFile(join(dir, "metrics.jsonl"), "utf8");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => Line.parse(JSON.parse(line)));
  return {
    summary,
    steps: lines.filter((line) => line.kind === "step"),
    quality: lines.filter((line) => line.kind === "sampleQuality"),
    alignment: lines.filter((line) => line.kind === "layerAlignment"),
  };
}
type Run = Awaited<ReturnType<typeof readRun>>;

const lossCurve = ({ steps }: Run, column: "velocityLoss" | "projLoss" | "gradNorm"): Curve => ({
  steps: steps.map(({ step }) => step),
  values: exponentialSmooth(
    steps.map((point) => point[column]),
    steps.length,
    SMOOTHING,
  ),
});

const measured = <M extends { readonly step: number }>(
  points: readonly M[],
  value: (point: M) => number,
): Curve => ({ steps: points.map(({ step }) => step), values: points.map(value) });

/** The one value all runs share. @throws when they differ: their range would mix two things */
function shared<T>(what: string, values: readonly T[]): T {
  const [first, ...others] = [...new Set(values)];
  if (first === undefined || others.length > 0) {
    throw new Error(`The runs do not share one ${what}: ${values.join(", ")}.`);
  }
  return first;
}

function bandOf(preset: string, runs: readonly Run[]): ReferenceBand {
  const losses = (column: "velocityLoss" | "projLoss" | "gradNorm") =>
    envelope(
      runs.map((run) => lossCurve(run, column)),
      WINDOW_STEPS,
    );
  const quality = (column: "kid" | "frechetTop") =>
    envelope(
      runs.map((run) => measured(run.quality, (point) => point[column])),
      1,
    );
  const blocks = shared(
    "depth",
    runs.flatMap((run) => run.alignment.map(({ cknna }) => cknna.length)),
  );
  return {
    preset,
    runs: runs.map(({ summary }) => ({
      seed: summary.experiment.optimizer.seed,
      steps: summary.steps,
      backend: summary.device.backend,
      adapter: summary.device.adapter,
      datasetHash: summary.datasetHash,
      command: summary.command.replace(/--(out|profile|state) \S+/g, "--$1 DIR"),
    })),
    smoothing: SMOOTHING,
    windowSteps: WINDOW_STEPS,
    velocityLoss: losses("velocityLoss"),
    projLoss: losses("projLoss"),
    gradNorm: losses("gradNorm"),
    space: shared(
      "space",
      runs.flatMap((run) => run.quality.map(({ space }) => space)),
    ),
    kid: quality("kid"),
    frechetTop: quality("frechetTop"),
    encoder: shared(
      "encoder",
      runs.flatMap((run) => run.alignment.map(({ encoder }) => encoder)),
    ),
    cknna: Array.from({ length: blocks }, (_, block) =>
      envelope(
        runs.map((run) => measured(run.alignment, ({ cknna }) => cknna[block] ?? NaN)),
        1,
      ),
    ),
  };
}

const [preset, ...dirs] = process.argv.slice(2);
if (!preset || dirs.length === 0) throw new Error("usage: npm run bands -- PRESET DIR...");
const runs = await Promise.all(dirs.map((dir) => readRun(preset, dir)));
const path = join(OUT, `${preset}.json`);
await mkdir(OUT, { recursive: true });
await writeFile(path, `${JSON.stringify(bandOf(preset, runs))}\n`);
console.log(`${path}: ${runs.length} runs of ${runs[0]?.summary.steps ?? 0} steps`);
