import { expect, test } from "vitest";
import { Experiment } from "./experiment";
import { memoryPlan } from "./memoryPlan";
import { guidanceInForce, hasNullLabel } from "./nullLabel";
import { experimentParameterCount } from "./sizes";
import { validateExperiment } from "./validate";

const dropping = (labelDrop: number, guidanceScale = 1) =>
  Experiment.parse({
    alignment: { encoderDepth: 2 },
    optimizer: { labelDrop },
    sampling: { guidanceScale },
  });

test("there is a null label where labels are dropped, and guidance needs it", () => {
  expect([0, 0.1, 1].map((drop) => hasNullLabel(dropping(drop)))).toEqual([false, true, true]);
  expect(guidanceInForce(dropping(0.1, 4))).toBe(4);
  expect(guidanceInForce(dropping(0, 4))).toBe(1);
});

test("guidance without a null label is refused at its setting", () => {
  const paths = (experiment: Experiment) => validateExperiment(experiment).map(({ path }) => path);
  expect(paths(dropping(0, 4))).toEqual(["sampling.guidanceScale"]);
  expect(paths(dropping(0, 1))).toEqual([]);
  expect(paths(dropping(0.1, 4))).toEqual([]);
});

test("its row counts once in the parameters and in the memory they take", () => {
  const [without, withNull] = [dropping(0), dropping(0.1)];
  const width = 128; // of SiT-Nano
  expect(experimentParameterCount(withNull) - experimentParameterCount(without)).toBe(width);
  const parameters = (experiment: Experiment) =>
    memoryPlan(experiment).rows.find(({ name }) => name === "Parameters")?.bytes ?? 0;
  expect(parameters(withNull) - parameters(without)).toBe(4 * width);
  expect(memoryPlan(dropping(0, 4)).evaluationBytes).toBe(memoryPlan(without).evaluationBytes);
});
