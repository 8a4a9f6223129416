import { expect, test } from "vitest";
import { readCheckOptions } from "./options";
import { shareMs, stageFile, STAGE_NAMES, type StageName, type StageReport } from "./stage";
import { STAGES } from "./stages/table";
import { summary } from "./summary";

const weights = Object.fromEntries(
  STAGE_NAMES.map((name) => [name, STAGES[name].weight]),
) as Record<StageName, number>;

test("stages share the time by weight, and what one leaves over goes to those after it", () => {
  const budget = 480_000;
  const shares = STAGE_NAMES.map((name) => shareMs(name, weights, [name], budget));
  expect(shares.every((share) => share === budget)).toBe(true); // alone, a stage has all of it
  let left = budget;
  for (const name of STAGE_NAMES) {
    const share = shareMs(name, weights, STAGE_NAMES, left);
    expect(share).toBeGreaterThan(0);
    left -= share;
  }
  expect(left).toBeCloseTo(0, 6);
  expect(shareMs("browser", weights, STAGE_NAMES, budget)).toBe(budget); // the last one has what is left
  expect(shareMs("steps", weights, STAGE_NAMES, -5)).toBe(0);
});

test("files are listed in the order of the stages", () => {
  const files = STAGE_NAMES.map(stageFile);
  expect([...files].sort()).toEqual(files);
});

const rightReport = (status: StageReport["status"], holds?: boolean): StageReport => ({
  stage: "right",
  status,
  seconds: 1,
  ...(holds !== undefined && { holds }),
});

test("it is right only when that stage ran to its end and holds", () => {
  expect(summary([rightReport("done", true)]).right).toBe(true);
  expect(summary([rightReport("done", false)]).right).toBe(false);
  expect(summary([rightReport("incomplete", true)]).right).toBe(false);
  expect(summary([rightReport("failed")]).right).toBe(false);
  expect(summary([]).right).toBe(false);
});

test("a stage that wrote nothing, or half, is told all the same", () => {
  const reports = STAGE_NAMES.map((stage): StageReport => ({
    stage,
    status: "failed",
    problem: "gone\nstack",
    seconds: 2,
  }));
  const { text } = summary(reports);
  for (const stage of STAGE_NAMES) expect(text).toContain(`== ${stage}: failed, 2.0 s\n   gone\n`);
});

test("options: seconds become milliseconds, stages keep their order, nonsense is refused by name", () => {
  expect(readCheckOptions(["--out", "x", "--budget", "90", "--only", "steps,right"])).toMatchObject(
    {
      budgetMs: 90_000,
      stages: ["right", "steps"],
    },
  );
  expect(readCheckOptions(["--help"])).toBe("help");
  expect(() => readCheckOptions([])).toThrow("--out DIR is missing");
  expect(() => readCheckOptions(["--out", "x", "--budget", "soon"])).toThrow('got "soon"');
  expect(() => readCheckOptions(["--out", "x", "--only", "fast"])).toThrow('no stage "fast"');
  expect(() => readCheckOptions(["--out", "x", "--adapter", "cuda"])).toThrow('got "cuda"');
  expect(() => readCheckOptions(["--out", "x", "--fast"])).toThrow("--fast");
});
