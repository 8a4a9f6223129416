import { readdirSync, readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { MOST_RECORDED_BYTES, RecordedRuns } from "./recordedRuns";

const FOLDER = "public/recorded";

test("the recorded runs can be read, each of their pictures is there, and all is small enough", () => {
  const recorded = RecordedRuns.parse(JSON.parse(readFileSync(`${FOLDER}/runs.json`, "utf8")));
  const files = readdirSync(FOLDER);
  const named = recorded.runs.flatMap(({ grids }) => grids.map(({ file }) => file));
  expect([...named, "runs.json"].sort()).toEqual(files.sort());
  const bytes = files.reduce((sum, file) => sum + statSync(`${FOLDER}/${file}`).size, 0);
  expect(bytes).toBeLessThanOrEqual(MOST_RECORDED_BYTES);
  for (const { losses, grids } of recorded.runs) {
    const steps = losses.map(([step]) => step);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(Math.max(...grids.map(({ step }) => step))).toBeLessThanOrEqual(recorded.steps);
  }
});
