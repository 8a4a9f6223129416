import fc from "fast-check";
import { expect, test } from "vitest";
import {
  exampleRun,
  filesIn,
  packed,
  resultsBytes,
  withManifest,
  type ExampleManifest,
} from "../../../test/exampleResults";
import { StudioError } from "../errors/studioError";
import { byteSourceOf } from "../formats/byteSource";
import { MANIFEST } from "./manifest";
import { holdsResults, openResults } from "./openResults";

/** Reads all of a file, as an import does. */
async function readAll(bytes: Uint8Array) {
  const { runs, notes } = await openResults(byteSourceOf("a.zip", bytes));
  for (const run of runs) {
    await run.log();
    for (const step of run.gridSteps) await run.grid(step);
    for (const { step } of run.checkpoints) await run.checkpoint(step);
  }
  return { runs, notes };
}
const refusal = async (bytes: Uint8Array): Promise<string> => {
  const thrown: unknown = await readAll(bytes).catch((error: unknown) => error);
  if (!(thrown instanceof StudioError)) throw new Error("it was not refused");
  expect(thrown.code).toBe("BAD_RESULTS");
  return thrown.message;
};

type ExampleRun = ExampleManifest["runs"][number];
const onRun = (change: (run: ExampleRun) => object) => (manifest: ExampleManifest) => ({
  ...manifest,
  runs: manifest.runs.map(change),
});
const firstOf = (list: readonly object[], change: object) =>
  list.map((item, i) => (i === 0 ? { ...item, ...change } : item));

test.each<readonly [string, (manifest: ExampleManifest) => unknown, RegExp]>([
  ["a newer version", (m) => ({ ...m, version: 2, more: 1 }), /newer studio.*format 2.*reads 1/],
  ["another kind", (m) => ({ ...m, kind: "repa-studio-run" }), /does not say/],
  ["no object", () => 7, /does not say/],
  ["an unknown field", (m) => ({ ...m, extra: 1 }), /extra/],
  ["no run", (m) => ({ ...m, runs: [] }), /runs/],
  ["a run twice", ({ runs, ...m }) => ({ ...m, runs: [...runs, ...runs] }), /the id run-1/],
  ["an unknown field of a run", onRun((run) => ({ ...run, losses: [] })), /runs\.0.*losses/],
  ["a step that is none", onRun((run) => ({ ...run, step: 1.5 })), /runs\.0\.step/],
  ["a time without an end", onRun((run) => ({ ...run, createdAtMs: null })), /createdAtMs/],
  [
    "a path out of the archive",
    onRun((run) => ({ ...run, points: firstOf(run.points, { file: "../a.f64" }) })),
    /points\.0\.file/,
  ],
  [
    "a file that is not there",
    onRun((run) => ({ ...run, points: firstOf(run.points, { file: "b.f64" }) })),
    /"b\.f64", which is not in it/,
  ],
  [
    "a file named twice",
    onRun((run) => ({ ...run, points: [...run.points, ...run.points] })),
    /names the file "runs\/1\/points-1\.f64" twice/,
  ],
  [
    "too many points for the file",
    onRun((run) => ({ ...run, points: firstOf(run.points, { count: 4 }) })),
    /120 bytes in place of 160/,
  ],
  [
    "too few points",
    onRun((run) => ({ ...run, points: firstOf(run.points, { count: 2 }) })),
    /it claims 120 bytes, more than 80/,
  ],
  [
    "a column that is missing",
    onRun((run) => ({ ...run, points: firstOf(run.points, { columns: ["step", "loss"] }) })),
    /columns: lacks one of step, stepMs/,
  ],
  [
    "too many lines",
    onRun((run) => ({ ...run, measurements: firstOf(run.measurements, { count: 9 }) })),
    /3 lines in place of 9/,
  ],
  [
    "a grid of another size",
    onRun((run) => ({ ...run, grids: firstOf(run.grids, { tile: 9 }) })),
    /16 x 8 px in place of 18 x 9 px/,
  ],
  [
    "grids in no order",
    onRun((run) => ({ ...run, grids: [...run.grids].reverse() })),
    /do not ascend/,
  ],
  [
    "a checkpoint of another length",
    onRun((run) => ({ ...run, checkpoints: firstOf(run.checkpoints, { bytes: 9999 }) })),
    /bytes in place of 9999/,
  ],
  ["settings without a version", onRun((run) => ({ ...run, settings: {} })), /settings\.v/],
])("%s is refused by name", async (_, change, message) => {
  expect(await refusal(await withManifest(change))).toMatch(message);
});

test.each<readonly [string, readonly number[], RegExp]>([
  ["do not ascend", [1, 3, 3], /step 3 of a log comes after step 3/],
  ["are no whole numbers", [1, 1.5, 2], /step 1.5/],
  ["are no numbers", [1, NaN, 2], /step NaN/],
  ["are negative", [-1, 0, 1], /step -1/],
])("steps that %s are refused", async (_, steps, message) => {
  const points = steps.map((step) => {
    return { step, stepMs: 1, velocityLoss: 1, projLoss: 1, gradNorm: 1 };
  });
  expect(await refusal(await resultsBytes([exampleRun({ points })]))).toMatch(message);
});

test.each<readonly [string, string, RegExp]>([
  ["no JSON", "{", /line 1 is no JSON/],
  ["of no kind", '{"kind":"loss","step":1}', /line 1, kind/],
  ["without a value", '{"kind":"layerAlignment","step":1,"encoder":"a"}', /line 1, imageCount/],
])("a measurement %s is refused", async (_, line, message) => {
  const files = await filesIn(await resultsBytes());
  files.set("runs/1/measurements-1.jsonl", new TextEncoder().encode(line));
  expect(await refusal(await packed(files))).toMatch(message);
});

test("settings that are unknown or out of range are issues, and the rest is read", async () => {
  const settings = { v: 1, experiment: { optimizer: { steps: -1, rate: 2, seed: 5 } } };
  const { runs } = await readAll(await withManifest(onRun((run) => ({ ...run, settings }))));
  expect(runs[0]?.facts.experiment.optimizer.seed).toBe(5);
  expect(runs[0]?.issues.map(({ path }) => path)).toEqual(["optimizer.steps", "optimizer.rate"]);
});

test("files that no run names are left out and said", async () => {
  const files = await filesIn(await resultsBytes());
  files.set("notes.txt", new Uint8Array(3));
  files.set("../../escape.txt", new Uint8Array(3));
  const { notes } = await readAll(await packed(files));
  expect(notes).toEqual(['2 files in it that no run names: "notes.txt".']);
});

test("what is no file of results says so", async () => {
  expect(await refusal(await packed([["a.png", new Uint8Array(4)]]))).toMatch(/no manifest\.json/);
  expect(await refusal(new TextEncoder().encode("PK\x03\x04 and nothing more"))).toMatch(/zip/);
  expect(await refusal(await packed([[MANIFEST, new Uint8Array(9)]]))).toMatch(/no JSON/);
});

test("an archive that unpacks to far more than it is, is refused before anything is unpacked", async () => {
  const files = await filesIn(await resultsBytes());
  for (let i = 0; i < 40; i++) files.set(`zeros-${i}`, new Uint8Array(2 ** 20));
  expect(await refusal(await packed(files))).toMatch(/claim to unpack to 4\d{7}/);
});

test("any change of any byte is refused, or changes nothing that is read", async () => {
  const sound = await resultsBytes();
  const change = fc.record({ at: fc.nat(sound.length - 1), to: fc.nat(255), cut: fc.boolean() });
  const property = fc.asyncProperty(
    fc.array(change, { minLength: 1, maxLength: 3 }),
    async (all) => {
      let bytes = sound.slice();
      for (const { at, to, cut } of all) {
        if (cut) bytes = bytes.slice(0, Math.max(at, 1));
        else if (at < bytes.length) bytes[at] = to;
      }
      try {
        const { runs } = await readAll(bytes);
        const { points } = (await runs[0]?.log()) ?? {};
        expect(points).toHaveLength(3);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(StudioError);
      }
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

test("results are told from archives of images", async () => {
  const is = async (bytes: Uint8Array) => holdsResults(byteSourceOf("a.zip", bytes));
  expect(await is(await resultsBytes())).toBe(true);
  expect(await is(await withManifest((m) => ({ ...m, version: 9 })))).toBe(true);
  expect(await is(await packed([["a.png", new Uint8Array(4)]]))).toBe(false);
  expect(await is(await packed([[MANIFEST, new TextEncoder().encode("{}")]]))).toBe(false);
  expect(await is(new Uint8Array(9))).toBe(false);
});
