/**
 * Records finished headless runs for the page that has none of its own: `npm run record -- NAME=DIR NAME=DIR`, each DIR the
 * --out of one `npm run headless`. Writes public/recorded: losses and CKNNA as runs.json, samples as WebP (by Chromium),
 * 400 kB in all at most.
 */
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Page } from "playwright";
import { z } from "zod";
import { Experiment } from "../src/common/config/experiment";
import {
  MOST_RECORDED_BYTES,
  RecordedRuns,
  type RecordedRun,
} from "../src/common/config/recordedRuns";
import { dataShape } from "../src/common/config/sizes";
import { heldOutImages } from "../src/common/config/validate";
import { minMaxIndices } from "../src/common/math/decimate";
import { exponentialSmooth } from "../src/common/math/smooth";
import { chromiumLaunch } from "./chromium.mjs";

const OUT = "public/recorded";
/** The charts' default weight (src/page/store/viewSlice.ts). */
const SMOOTHING = 0.9;
const MOST_POINTS = 160;
/** Grids of a run; the first, the last, and others between them. */
const MOST_GRIDS = 10;
const WEBP_QUALITY = 0.75;

const Summary = z.object({
  command: z.string(),
  steps: z.int(),
  device: z.object({ adapter: z.string() }),
  codeVersion: z.string(),
  experiment: Experiment,
});
const Line = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("step"), step: z.int(), velocityLoss: z.number() }),
  z.object({ kind: z.literal("layerAlignment"), step: z.int(), cknna: z.array(z.number()) }),
  z.object({ kind: z.literal("sampleQuality") }),
]);
type Line = z.infer<typeof Line>;

/** Images a run trains on. */
function trainImages({ data }: Experiment): number {
  const { groups, imagesPerGroup } = dataShape(data);
  const all = groups * imagesPerGroup - heldOutImages(data);
  return data.imageLimit === 0 ? all : Math.min(all, data.imageLimit);
}

const rounded = (value: number) => Number(value.toFixed(4));

function lossesOf(lines: readonly Line[]): RecordedRun["losses"] {
  const steps = lines.flatMap((line) => (line.kind === "step" ? [line] : []));
  const values = steps.map(({ velocityLoss }) => velocityLoss);
  const smooth = exponentialSmooth(values, values.length, SMOOTHING);
  return [...minMaxIndices(smooth, steps.length, MOST_POINTS)].map((i): [number, number] => [
    steps[i]?.step ?? 0,
    rounded(smooth[i] ?? 0),
  ]);
}

const cknnaOf = (lines: readonly Line[]): RecordedRun["cknna"] =>
  lines.flatMap((line): [number, number][] =>
    line.kind === "layerAlignment" ? [[line.step, rounded(Math.max(...line.cknna))]] : [],
  );

/** Some of the files, the first and the last among them. */
function spread(files: readonly string[]): readonly string[] {
  const kept = Math.min(files.length, MOST_GRIDS);
  const at = (i: number) => Math.round((i * (files.length - 1)) / Math.max(1, kept - 1));
  return Array.from({ length: kept }, (_, i) => files[at(i)] ?? "");
}

/** A PNG as WebP, encoded by the browser. */
async function toWebp(page: Page, png: Uint8Array): Promise<Uint8Array> {
  const source = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  const url = await page.evaluate(
    async ([address, quality]) => {
      const image = new Image();
      image.src = address;
      await image.decode();
      const canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      canvas.getContext("2d")?.drawImage(image, 0, 0);
      return canvas.toDataURL("image/webp", quality);
    },
    [source, WEBP_QUALITY] as const,
  );
  return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
}

async function record(page: Page, name: string, dir: string) {
  const summary = Summary.parse(JSON.parse(await readFile(join(dir, "summary.json"), "utf8")));
  const text = await readFile(join(dir, "metrics.jsonl"), "utf8");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => Line.parse(JSON.parse(line)));
  const grids: RecordedRun["grids"] = [];
  for (const file of spread((await readdir(join(dir, "grids"))).sort())) {
    const step = Number(/step-(\d+)\.png$/.exec(file)?.[1]);
    const own = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}-${step}.webp`;
    await writeFile(join(OUT, own), await toWebp(page, await readFile(join(dir, "grids", file))));
    grids.push({ step, file: own });
  }
  const { projCoeff } = summary.experiment.alignment;
  const run: RecordedRun = {
    name,
    projCoeff,
    losses: lossesOf(lines),
    cknna: cknnaOf(lines),
    grids,
  };
  return { summary, run };
}

const named = process.argv.slice(2).map((text): readonly [string, string] => {
  const at = text.indexOf("=");
  if (at < 1) throw new Error("usage: npm run record -- NAME=DIR [NAME=DIR ...]");
  return [text.slice(0, at), text.slice(at + 1)];
});
if (named.length === 0) throw new Error("usage: npm run record -- NAME=DIR [NAME=DIR ...]");
await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
const browser = await chromium.launch(chromiumLaunch({ webgpu: false }));
try {
  const page = await browser.newPage();
  const found: Awaited<ReturnType<typeof record>>[] = [];
  for (const [name, dir] of named) found.push(await record(page, name, dir));
  const [first] = found;
  if (!first) throw new Error("no run was read");
  const { device, codeVersion, experiment } = first.summary;
  const recorded = RecordedRuns.parse({
    // when the first run ended
    recordedOn: (await stat(join(named[0]?.[1] ?? "", "summary.json"))).mtime
      .toISOString()
      .slice(0, 10),
    adapter: device.adapter,
    codeVersion,
    commands: found.map(({ summary }) =>
      summary.command.replaceAll(/--(out|profile|state) \S+/g, "--$1 DIR"),
    ),
    steps: Math.max(...found.map(({ summary }) => summary.steps)),
    batchSize: experiment.optimizer.batchSize,
    images: trainImages(experiment),
    smoothing: SMOOTHING,
    runs: found.map(({ run }) => run),
  });
  await writeFile(join(OUT, "runs.json"), `${JSON.stringify(recorded)}\n`);
} finally {
  await browser.close();
}
let bytes = 0;
for (const file of await readdir(OUT)) bytes += (await stat(join(OUT, file))).size;
if (bytes > MOST_RECORDED_BYTES) throw new Error(`${OUT} has ${bytes} bytes, over the limit.`);
console.log(`${OUT}: ${bytes} bytes of ${MOST_RECORDED_BYTES}`);
