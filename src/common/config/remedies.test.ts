import { expect, test } from "vitest";
import { Experiment } from "./experiment";
import { presetById } from "./presets";
import { forkIssues, forkOf } from "./forks";
import { remediesFor } from "./remedies";

const plain = Experiment.parse({});

test("each remedy is one change that a fork may have", () => {
  const { experiment: tiny } = presetById("tiny");
  const optimizer = {
    ...tiny.optimizer,
    learningRate: 1e-4,
    mixedPrecision: true,
    maxGradNorm: 50,
  };
  const experiment = { ...tiny, optimizer };
  const remedies = remediesFor(experiment);
  expect(remedies.map(({ label }) => label)).toEqual([
    "in float32",
    "with a learning rate of 0.00005",
    "with gradients clipped at 1",
  ]);
  const parent = { experiment, timeline: [] };
  for (const { wanted } of remedies) {
    const fork = forkOf(parent, { step: 10 }, wanted);
    expect(fork.change).toHaveLength(1);
    expect(forkIssues(parent, { step: 10 }, fork)).toEqual([]);
  }
});

test("what already is so is not offered, and every further press goes further", () => {
  const [first, second] = remediesFor(plain);
  expect(first?.wanted.optimizer.learningRate).toBe(5e-5);
  expect(second?.wanted.optimizer.maxGradNorm).toBe(0.1);
  const again = first && remediesFor(first.wanted)[0];
  expect(again?.wanted.optimizer.learningRate).toBe(2.5e-5);
});
