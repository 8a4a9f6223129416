import { expect, test } from "vitest";
import { presetById } from "../../../common/config/presets";
import type { KeptCheckpoint } from "../../store/dataSlice";
import { beginnings, createDraft, draftIssues, leftOut } from "./forkDraft";

const { experiment } = presetById("tiny");
const parent = {
  experiment,
  timeline: [
    { step: 11, change: { projCoeff: 0.9 } },
    { step: 21, change: { encoderDepth: 2 } },
  ],
};
const kept = (step: number): KeptCheckpoint => ({
  ...{ step, bytes: 1, pinned: false, forkPoint: false },
});

test("a fork can begin at every kept checkpoint before the change, or at the start of a run that has one", () => {
  const steps = (run: Parameters<typeof beginnings>[0], before = parent.timeline[1] ?? null) =>
    beginnings(run, before).map(({ step }) => step);
  const checkpoints = [kept(10), kept(20), kept(30)];
  expect(steps({ checkpoints, parent: null })).toEqual([20, 10, 0]);
  expect(steps({ checkpoints, parent: { runId: "a", step: 10 } })).toEqual([20, 10]);
  expect(beginnings({ checkpoints, parent: null }, null)).toHaveLength(4);
});

test("a draft begins with what was in force, and keeps its changes when it begins elsewhere", () => {
  const draft = createDraft(parent, { step: 15 });
  expect(draft.getState().experiment).toMatchObject({ changed: [], scheduled: [] });
  expect(draft.getState().experiment.value.alignment.projCoeff).toBe(0.9);
  draft.getState().setField("optimizer", "learningRate", 0.01);
  const earlier = createDraft(parent, { step: 5 }, draft).getState().experiment;
  expect(earlier.changed).toEqual(["optimizer.learningRate"]);
  expect(earlier.value.alignment.projCoeff).toBe(experiment.alignment.projCoeff);
});

test("a run that was at its end trains as long again", () => {
  const { steps } = experiment.optimizer;
  const draft = createDraft(parent, { step: steps });
  const { experiment: edited } = draft.getState();
  expect(edited).toMatchObject({ changed: [], value: { optimizer: { steps: 2 * steps } } });
  expect(draftIssues(parent, { step: steps }, edited)).toEqual([]);
  const earlier = createDraft(parent, { step: 5 }, draft).getState().experiment;
  expect(earlier.value.optimizer.steps).toBe(steps); // nobody asked for more
});

test("what was typed wrongly, and what a fork cannot be, are issues", () => {
  const draft = createDraft(parent, { step: 5 });
  draft.getState().setField("optimizer", "steps", 5);
  draft.getState().setField("optimizer", "learningRate", -1);
  const issues = draftIssues(parent, { step: 5 }, draft.getState().experiment);
  expect(issues.map(({ path }) => path)).toEqual(["optimizer.learningRate", "optimizer.steps"]);
});

test("live changes after the beginning are left out, and the one it is without", () => {
  const steps = (point: Parameters<typeof leftOut>[1]) =>
    leftOut(parent, point).map(({ step }) => step);
  expect(steps({ step: 10 })).toEqual([21]);
  expect(steps({ step: 10, before: parent.timeline[0] })).toEqual([11, 21]);
  expect(steps({ step: 20 })).toEqual([]);
});
