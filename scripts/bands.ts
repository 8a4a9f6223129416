/**
 * Makes the reference band of a preset from finished runs: `npm run bands -- PRESET INPUT...`, each INPUT the --out of one
 * `npm run headless` (metrics.jsonl and summary.json), or a file of results, of which the preset's runs are taken. Writes
 * public/bands/PRESET.json.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import {
  LAYER_METRICS,
  SAMPLE_METRICS,
  STEP_METRICS,
  type LiveMetric,
  type StepMetricId,
} from "../src/common/catalogue/liveMetrics";
import { Experiment } from "../src/common/config/experiment";
import { bandPresetOf, type ReferenceBandFile } from "../src/common/config/referenceBand";
import { openResults } from "../src/common/resultFiles/openResults";
import { recordOf } from "../src/common/math/records";
import { exponentialSmooth } from "../src/common/math/smooth";
import { envelope, type Curve } from "./bands/envelope";
import { withFileSource } from "./resultFiles/fileSource";

/** The charts' default weight (src/page/store/viewSlice.ts): the band is of curves as they are first seen. */
const SMOOTHING = 0.9;
const WINDOW_STEPS = 10;
const OUT = "public/bands";

/** The metrics of a list that are in a band. */
const banded = <Id extends string>(metrics: readonly LiveMetric<Id>[]): readonly Id[] =>
  metrics.flatMap(({ id, band }) => (band ? id : []));
const STEP_IDS = banded(STEP_METRICS);
const SAMPLE_IDS = banded(SAMPLE_METRICS);
const LAYER_IDS = banded(LAYER_METRICS);

const Step = z.object({
  kind: z.literal("step"),
  step: z.int(),
  ...recordOf(STEP_IDS, () => z.number()),
});
const Quality = z.object({
  kind: z.literal("sampleQuality"),
  step: z.int(),
  space: z.string(),
  ...recordOf(SAMPLE_IDS, () => z.number()),
});
const Alignment = z.object({
  kind: z.literal("layerAlignment"),
  step: z.int(),
  encoder: z.string(),
  ...recordOf(LAYER_IDS, () => z.array(z.number())),
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

type StepLine = z.infer<typeof Step>;
type QualityLine = z.infer<typeof Quality>;
type AlignmentLine = z.infer<typeof Alignment>;

/** A run as the band needs it. */
interface Run {
  readonly summary: Omit<z.infer<typeof Summary>, "phase">;
  readonly steps: readonly StepLine[];
  readonly quality: readonly QualityLine[];
  readonly alignment: readonly AlignmentLine[];
}

const byKind = (lines: readonly z.infer<typeof Line>[]) => ({
  steps: lines.filter((line) => line.kind === "step"),
  quality: lines.filter((line) => line.kind === "sampleQuality"),
  alignment: lines.filter((line) => line.kind === "layerAlignment"),
});

/** What a headless command left. @throws when it failed or is no run of the preset */
async function readFolder(preset: string, dir: string): Promise<Run> {
  const summary = Summary.parse(JSON.parse(await readFile(join(dir, "summary.json"), "utf8")));
  const found = bandPresetOf(summary.experiment);
  if (found !== preset)
    throw new Error(`${dir} is a run of ${found ?? "no preset"}, not ${preset}.`);
  const text = await readFile(join(dir, "metrics.jsonl"), "utf8");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => Line.parse(JSON.parse(line)));
  return { summary, ...byKind(lines) };
}

/** The preset's runs in a file of results. @throws when it has none, or one that did not finish */
const readResults = (preset: string, path: string): Promise<readonly Run[]> =>
  withFileSource(path, async (source) => {
    const { runs } = await openResults(source);
    const own = runs.filter(({ facts }) => bandPresetOf(facts.experiment) === preset);
    if (own.length === 0) throw new Error(`${path} has no run of ${preset}.`);
    return Promise.all(
      own.map(async ({ facts, log }): Promise<Run> => {
        const { name, device, datasetHash, experiment, step, phase } = facts;
        if (phase !== "finished") throw new Error(`${name} in ${path} has not finished.`);
        if (!device) throw new Error(`${name} in ${path} has no device.`);
        const { points, measurements } = await log();
        const lines = [...points.map((point) => ({ kind: "step", ...point })), ...measurements];
        const found = lines.flatMap((line) => Line.safeParse(line).data ?? []);
        const command = `${name} of ${basename(path)}`;
        const summary = { command, steps: step, device, datasetHash, experiment };
        return { summary, ...byKind(found) };
      }),
    );
  });

const readRuns = async (preset: string, input: string): Promise<readonly Run[]> =>
  input.endsWith(".zip") ? readResults(preset, input) : [await readFolder(preset, input)];

const stepCurve = ({ steps }: Run, id: StepMetricId): Curve => ({
  steps: steps.map(({ step }) => step),
  values: exponentialSmooth(
    steps.map((point) => point[id]),
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

function bandOf(preset: string, runs: readonly Run[]): ReferenceBandFile {
  /** The range of one curve over the runs. */
  const range = (curveOf: (run: Run) => Curve, windowSteps: number) =>
    envelope(runs.map(curveOf), windowSteps);
  const blocks = shared(
    "depth",
    runs.flatMap((run) => run.alignment.flatMap((m) => LAYER_IDS.map((id) => m[id].length))),
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
    ...recordOf(STEP_IDS, (id) => range((run) => stepCurve(run, id), WINDOW_STEPS)),
    space: shared(
      "space",
      runs.flatMap((run) => run.quality.map(({ space }) => space)),
    ),
    ...recordOf(SAMPLE_IDS, (id) => range((run) => measured(run.quality, (m) => m[id]), 1)),
    encoder: shared(
      "encoder",
      runs.flatMap((run) => run.alignment.map(({ encoder }) => encoder)),
    ),
    ...recordOf(LAYER_IDS, (id) =>
      Array.from({ length: blocks }, (_, block) =>
        range((run) => measured(run.alignment, (m) => m[id][block] ?? NaN), 1),
      ),
    ),
  };
}

const [preset, ...inputs] = process.argv.slice(2);
if (!preset || inputs.length === 0) throw new Error("usage: npm run bands -- PRESET INPUT...");
const runs = (await Promise.all(inputs.map((input) => readRuns(preset, input)))).flat();
const path = join(OUT, `${preset}.json`);
await mkdir(OUT, { recursive: true });
await writeFile(path, `${JSON.stringify(bandOf(preset, runs))}\n`);
console.log(`${path}: ${runs.length} runs of ${runs[0]?.summary.steps ?? 0} steps`);
