import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodePng } from "../../src/common/formats/png";
import { randomNormal } from "../../src/common/math/rng";
import { openResults } from "../../src/common/resultFiles/openResults";
import { withFileSource } from "../resultFiles/fileSource";
import { ROOT } from "../setup.mjs";
import { folderFiles } from "./importFolder";

const STEPS = 24;
const SIDE = 32;
const IMAGES = 24;

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

/** Small pictures of two classes: the built-in ones take seconds to read. */
async function writeImages(): Promise<void> {
  for (let image = 0; image < IMAGES; image++) {
    const noise = randomNormal({ seed: 0, stream: "test", index: image }, SIDE * SIDE * 3);
    const rgb = Uint8Array.from(noise, (value) => 128 + 40 * value);
    const png = await encodePng({ width: SIDE, height: SIDE, rgb });
    const name = at("pictures", image % 2 === 0 ? "even" : "odd");
    mkdirSync(name, { recursive: true });
    writeFileSync(join(name, `${image}.png`), png);
  }
}

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** The command as a person types it, in a process of its own; `signal` is sent once a line starts with `after`. */
function headless(
  out: string,
  stop?: { readonly after: string; readonly signal: NodeJS.Signals },
): Promise<Ended> {
  const settings = [
    "evaluation.checkpointEvery=5",
    "evaluation.gridEvery=12",
    "evaluation.metricsEvery=12",
    "sampling.gridSize=4",
    "sampling.steps=2",
  ].flatMap((setting) => ["--set", setting]);
  const child = spawn(
    process.execPath,
    [
      ...["scripts/run.mjs", "scripts/headless.ts", "--runtime", "node", "--preset", "tiny"],
      ...["--backend", "wasm", "--steps", String(STEPS), ...settings],
      ...["--images", at("pictures"), "--image-size", String(SIDE), "--out", at(out)],
      ...["--results", at(out, "results.zip"), "--with-checkpoint"],
    ],
    { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] },
  );
  let text = "";
  let waiting = stop;
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    if (!waiting || !text.includes(`\n${waiting.after}`)) return;
    child.kill(waiting.signal);
    waiting = undefined;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, lines: text.trimEnd().split("\n") }));
  });
}

/**
 * Every step, without how long it took, and what was measured after the last one. What the metrics thread still
 * computed for an earlier step when the process was killed was never stored, and is not measured again.
 */
const metrics = (out: string) =>
  readFileSync(at(out, "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; step: number; stepMs?: number })
    .filter(({ kind, step }) => kind === "step" || step === STEPS)
    .map(({ stepMs, ...rest }) => ({ timed: stepMs !== undefined, ...rest }));
const checkpoint = (out: string) => readFileSync(at(out, "checkpoint.safetensors"));
const stepsOf = ({ lines }: Ended) =>
  lines.flatMap((line) => /^step (\d+)\//.exec(line)?.[1] ?? []).map(Number);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "headless-"));
  await writeImages();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Left alone: every step once, everything written, nothing of its state left. */
async function runAlone(): Promise<void> {
  const alone = await headless("alone");
  expect(alone.lines.at(-1)).toContain(`finished at step ${STEPS}`);
  expect(alone.code).toBe(0);
  expect(stepsOf(alone)).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
  expect(existsSync(at("alone", "state"))).toBe(false);
  for (const file of ["share-url.txt", "summary.json", "grids/step-000012.png"]) {
    expect(existsSync(at("alone", file))).toBe(true);
  }
}

/** Every step of a run's file of results, without how long it took. */
async function resultsOf(out: string) {
  return withFileSource(at(out, "results.zip"), async (source) => {
    const [run] = (await openResults(source)).runs;
    if (!run) throw new Error("the file holds no run");
    const { points } = await run.log();
    const steps = points.map(({ stepMs, ...rest }) => ({
      kind: "step",
      timed: stepMs > 0,
      ...rest,
    }));
    const [step] = run.checkpoints.map((head) => head.step);
    return {
      steps,
      checkpoint: Buffer.from(await run.checkpoint(step ?? 0)),
      grids: run.gridSteps,
    };
  });
}

/** Interrupted, killed, and each time gone on with by the same command. */
async function runInPieces(): Promise<void> {
  const interrupted = await headless("cut", { after: "step 3/", signal: "SIGINT" });
  expect(interrupted.code).toBe(130);
  expect(existsSync(at("cut", "state"))).toBe(true);
  const stoppedAt = stepsOf(interrupted).at(-1) ?? 0;
  const killed = await headless("cut", { after: "step 17/", signal: "SIGKILL" });
  expect(killed.code).toBeNull();
  expect(stepsOf(killed)[0]).toBe(stoppedAt + 1); // from the checkpoint it made when it was told to stop
  const last = await headless("cut");
  expect(last.code).toBe(0);
  expect(stepsOf(last)[0]).toBeGreaterThan(stoppedAt + 1); // and from a later one
}

test("a run that was interrupted, then killed, ends with the bits of one that was left alone", async () => {
  await Promise.all([runAlone(), runInPieces()]);
  expect(checkpoint("cut").equals(checkpoint("alone"))).toBe(true);
  expect(metrics("cut")).toEqual(metrics("alone"));
  expect(metrics("alone").filter(({ timed }) => !timed)).toHaveLength(2);
  const results = await resultsOf("alone");
  expect(results.steps).toEqual(metrics("alone").filter(({ timed }) => timed));
  expect(results.checkpoint.equals(checkpoint("alone"))).toBe(true);
  expect(results.grids).toEqual([12, 24]);
}, 300_000);

test("an image for a browser's decoder is refused by name; of other files those are read that may list labels", async () => {
  await writeFile(at("pictures", "odd", "notes.md"), "nothing");
  expect(await folderFiles(at("pictures"))).toHaveLength(IMAGES);
  await writeFile(at("pictures", "odd", "notes.txt"), "nothing");
  const files = await folderFiles(at("pictures"));
  expect(files).toHaveLength(IMAGES + 1);
  expect(files.map(({ path }) => path)).toContain("odd/1.png");
  const jpeg = at("pictures", "odd", "photo.jpg");
  await writeFile(jpeg, Uint8Array.of(0xff, 0xd8, 0xff, 0xe0));
  await expect(folderFiles(at("pictures"))).rejects.toMatchObject({
    code: "BAD_IMAGE",
    message: `${jpeg} needs a browser's decoder: it is no PNG.`,
  });
  await rename(jpeg, at("pictures", "odd", "deep.png"));
  const deep = readFileSync(at("pictures", "odd", "1.png"));
  deep[24] = 16; // bits a channel
  await writeFile(at("pictures", "odd", "deep.png"), deep);
  await expect(folderFiles(at("pictures"))).rejects.toThrow("it has 16 bits a channel");
});
