import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StudioError } from "../../src/common/errors/studioError";
import { checkoutPlaces } from "./places";
import { readReport, runStage } from "./runStage";
import { stageFile, type Stage } from "./stage";

const options = (out: string) => ({
  out,
  budgetMs: 1000,
  stages: ["browser"] as const,
  adapter: "default",
  checkout: undefined,
  child: undefined,
});

async function reportOf(run: Stage["run"]) {
  const out = mkdtempSync(join(tmpdir(), "run-stage-"));
  const stage: Stage = { title: "", weight: 1, run, lines: () => [] };
  const child = { stage: "browser", limitMs: 1000 } as const;
  const code = await runStage(options(out), child, checkoutPlaces("/nowhere"), stage);
  const report = readReport(join(out, stageFile("browser")));
  rmSync(out, { recursive: true });
  return { code, report };
}

test("what a stage calls its figures never hides how it ended", async () => {
  const { code, report } = await reportOf(({ write }) => {
    write({ status: "Preparing caches", seconds: { curve: 3 }, stage: "mine", kept: 1 });
    return Promise.resolve({ status: "incomplete", problem: "late" });
  });
  expect(code).toBe(0);
  expect(report).toMatchObject({
    stage: "browser",
    status: "incomplete",
    problem: "late",
    kept: 1,
  });
  expect(typeof report.seconds).toBe("number");
});

test("a stage that throws keeps what it wrote, and says what and what to do", async () => {
  const { code, report } = await reportOf(({ write }) => {
    write({ kept: 2 });
    throw new StudioError("NO_WEBGPU", "There is no adapter.", "Install one.");
  });
  expect(code).toBe(1);
  expect(report).toMatchObject({
    status: "failed",
    problem: "NO_WEBGPU: There is no adapter. Install one.",
    kept: 2,
  });
});
