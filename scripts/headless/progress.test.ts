import { expect, test } from "vitest";
import { barLine, clock, createProgress, recentRate, stepLine } from "./progress";

const point = (step: number, stepMs = 250) => ({
  step,
  velocityLoss: 0.5,
  projLoss: -0.25,
  gradNorm: 1,
  stepMs,
});

test("clock", () => {
  expect(clock(75)).toBe("1:15");
  expect(clock(4000)).toBe("1:06:40");
  expect(clock(0)).toBe("0:00");
  expect(clock(Infinity)).toBe("?");
});

test("the rate is that of the latest steps", () => {
  expect(recentRate([])).toBe(0);
  const slowThenFast = [
    ...Array.from({ length: 100 }, (_, i) => point(i + 1, 1000)),
    ...Array.from({ length: 50 }, (_, i) => point(i + 101, 100)),
  ];
  expect(recentRate(slowThenFast)).toBeCloseTo(10, 9);
});

test("the bar says where the run is, how fast, how long and how well", () => {
  expect(barLine("loading", [], 0, 100)).toBe("[........................] 0/100  loading");
  expect(barLine("training", [point(48), point(49)], 50, 100)).toBe(
    "[############............] 50/100  4.00 step/s  ETA 0:13  loss 0.5000 align -0.2500  training",
  );
});

test("a step's line", () => {
  expect(stepLine([point(11), point(12)], 200)).toBe(
    "step 12/200  loss 0.5000  align -0.2500  4.00 step/s  ETA 0:47",
  );
});

/** A stream that keeps what was written. */
function written(isTTY: boolean) {
  const parts: string[] = [];
  const stream = { isTTY, write: (text: string) => parts.push(text) };
  return { stream, lines: () => parts.join("").trimEnd().split("\n") };
}

test("without a terminal each step is a line, once and in order, whatever comes again", () => {
  const { stream, lines } = written(false);
  const progress = createProgress(stream, 4);
  progress.phase("training");
  progress.points([point(1), point(2)]);
  progress.phase("training");
  progress.points([point(2), point(3)]);
  progress.step(4);
  progress.points([]);
  progress.phase("finished");
  progress.end();
  expect(lines().map((line) => line.slice(0, 8))).toEqual([
    "training",
    "step 1/4",
    "step 2/4",
    "step 3/4",
    "finished",
  ]);
});

test("without a terminal an amount is a line at each tenth", () => {
  const { stream, lines } = written(false);
  const progress = createProgress(stream, 4);
  for (let done = 0; done <= 1000; done++) {
    progress.amount({ what: "caching", done, total: 1000, unit: "images", rate: 41 });
  }
  expect(lines()).toHaveLength(11);
  expect(lines()[3]).toBe("caching 300 of 1000 images, 41/s");
});

test("on a terminal the bar is drawn in place", () => {
  const { stream, lines } = written(true);
  const progress = createProgress(stream, 10);
  progress.points([point(1)]);
  progress.step(5);
  expect(lines()).toHaveLength(1);
  expect(lines()[0]).toContain("5/10");
  progress.note("Run x started.");
  expect(lines()[0]?.endsWith("Run x started.")).toBe(true);
});
