import { expect, test } from "vitest";
import { finalFigures, lastMeasurements, metricsJsonl, createRunLog } from "./runLog";

const point = (step: number, velocityLoss = step) => ({
  step,
  velocityLoss,
  projLoss: -0.5,
  gradNorm: 2,
  stepMs: step * 10,
});
const alignment = (step: number, encoder = "tiny-vit") => ({
  kind: "layerAlignment" as const,
  step,
  encoder,
  imageCount: 16,
  k: 4,
  time: 0.5,
  cknna: [0.1],
  cka: [0.2],
  mutualKnn: [0.3],
  chance: 0.01,
});

test("parts join, steps logged twice count once, lines are in step order", () => {
  const log = createRunLog();
  log.add([point(1), point(2)], [alignment(2)]);
  log.add([point(2, 0.5), point(3)], [alignment(2)]);
  const lines = metricsJsonl(log)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; step: number; velocityLoss?: number });
  expect(lines.map(({ kind, step }) => `${kind} ${step}`)).toEqual([
    "step 1",
    "step 2",
    "layerAlignment 2",
    "step 3",
  ]);
  expect(lines[1]?.velocityLoss).toBe(0.5);
});

test("a line keeps the keys of earlier versions and their order", () => {
  const log = createRunLog();
  log.add([point(1)], [alignment(1)]);
  expect(metricsJsonl(log)).toBe(
    '{"kind":"step","step":1,"velocityLoss":1,"projLoss":-0.5,"gradNorm":2,"stepMs":10}\n' +
      '{"kind":"layerAlignment","step":1,"encoder":"tiny-vit","imageCount":16,"k":4,"time":0.5,' +
      '"cknna":[0.1],"cka":[0.2],"mutualKnn":[0.3],"chance":0.01}\n',
  );
});

test("what was measured at one step has one order, whichever was ready first", () => {
  const orders = [
    [alignment(10), alignment(10, "patch-histogram")],
    [alignment(10, "patch-histogram"), alignment(10)],
  ].map((measured) => {
    const log = createRunLog();
    log.add([point(10)], measured);
    return metricsJsonl(log);
  });
  expect(orders[0]).toBe(orders[1]);
});

test("final figures are means over the last hundred steps", () => {
  expect(finalFigures([])).toBeNull();
  const points = Array.from({ length: 150 }, (_, i) => point(i + 1));
  expect(finalFigures(points)).toMatchObject({
    overSteps: 100,
    velocityLoss: 100.5, // the mean of 51..150
    gradNorm: 2,
    medianStepMs: 760,
  });
});

test("the newest measurement of each encoder is kept", () => {
  const all = [alignment(10), alignment(20), alignment(10, "patch-histogram")];
  expect(lastMeasurements(all)).toEqual([all[1], all[2]]);
});
