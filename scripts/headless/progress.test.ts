import { expect, test } from "vitest";
import { clock, progressLine, recentRate } from "./progress";

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

test("the line says where the run is, how fast, how long and how well", () => {
  expect(progressLine({ phase: "loading" }, [], 0, 100)).toBe(
    "[........................] 0/100  loading",
  );
  expect(progressLine({ phase: "training" }, [point(48), point(49)], 50, 100)).toBe(
    "[############............] 50/100  4.00 step/s  ETA 0:13  loss 0.5000 align -0.2500  training",
  );
});
