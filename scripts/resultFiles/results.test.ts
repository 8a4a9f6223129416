import "fake-indexeddb/auto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { importRun } from "../../src/common/resultFiles/importRun";
import { openResults } from "../../src/common/resultFiles/openResults";
import { contentDigest, type RunResults } from "../../src/common/resultFiles/runResults";
import { openStudioDb } from "../../src/common/storage/openDb";
import { readRun } from "../../src/common/storage/runs";
import { pointsOf } from "../../src/common/storage/stepRows";
import { exampleRun } from "../../test/exampleResults";
import { directDb } from "../headless/directDb";
import { createRunLog } from "../headless/runLog";
import { withFileSource } from "./fileSource";
import { joinResultsFiles } from "./joinFiles";
import { readerResults } from "./readerResults";
import { writeResultsFile } from "./writeFile";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "results-"));
});
afterAll(() => rm(folder, { recursive: true }));

const write = async (name: string, run: RunResults, checkpoints = false): Promise<string> => {
  const path = join(folder, name);
  await writeResultsFile(path, [run], { checkpoints, madeBy: "a test" });
  return path;
};
const named = (id: string) => exampleRun({ facts: { id, name: `Run ${id}` } });

test("the headless command's reader writes what is stored, with the newest checkpoint if asked", async () => {
  const db = await openStudioDb("headless-results");
  try {
    const file = await write("sub/stored.zip", exampleRun(), true);
    await withFileSource(file, async (source) => {
      const [run] = (await openResults(source)).runs;
      const how = { file: "a", nowMs: 1, look: () => ({ color: 0, shown: true }) };
      if (run) await importRun(db, run, { id: "run-1", outcome: "new" }, how);
    });
    const stored = await readRun(db, "run-1");
    if (!stored) throw new Error("nothing is stored");
    const log = createRunLog();
    log.add(pointsOf(stored.steps), stored.measurements);
    const again = await write(
      "again.zip",
      await readerResults(directDb(db), stored.record, log),
      true,
    );
    await withFileSource(again, async (source) => {
      const [run] = (await openResults(source)).runs;
      expect(run?.checkpoints.map(({ step }) => step)).toEqual([3]);
      expect(run && (await contentDigest(run))).toBe(await contentDigest(exampleRun()));
    });
  } finally {
    db.close();
  }
  expect((await readdir(folder)).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("files of single runs are joined in their order", async () => {
  const files = [await write("a.zip", named("a")), await write("b.zip", named("b"))];
  const joined = join(folder, "all.zip");
  await joinResultsFiles(joined, files, { checkpoints: false, madeBy: "a test" });
  await withFileSource(joined, async (source) => {
    const { runs } = await openResults(source);
    expect(runs.map(({ facts }) => facts.name)).toEqual(["Run a", "Run b"]);
    for (const run of runs) {
      expect(await contentDigest(run)).toBe(await contentDigest(named(run.facts.id)));
    }
  });
});
