import { expect, test } from "vitest";
import { alignmentAt, Experiment, type TimelineEntry } from "./experiment";
import { fixedInFork, forkIssues, forkOf, inheritedTimeline, unchangedFork } from "./forks";
import { presetById } from "./presets";
import { settingAt, SETTINGS } from "./settings";

const { experiment } = presetById("tiny");
const lambda = experiment.alignment.projCoeff;
const TIMELINE: readonly TimelineEntry[] = [
  { step: 1, change: {}, images: 2 },
  { step: 11, change: { projCoeff: 0.9 } },
  { step: 21, change: { encoderDepth: 2 } },
  { step: 21, change: { projCoeff: 0.1 } },
  { step: 30, change: {}, images: 5 },
];
const parent = { experiment, timeline: TIMELINE };
const withAlignment = (from: Experiment, change: Partial<Experiment["alignment"]>): Experiment => ({
  ...from,
  alignment: { ...from.alignment, ...change },
});

test("what decides shapes, images or what is predicted is fixed, each with its reason; the rest is free", () => {
  const fixed = SETTINGS.filter((setting) => fixedInFork(setting) !== null);
  expect(fixed.map(({ path }) => path)).toEqual([
    ...["data.dataset", "data.imported", "data.imageLimit", "data.startEarly"],
    ...["data.holdOutFraction", "autoencoder.id"],
    ...["model.family", "model.size", "model.width", "model.depth", "model.heads"],
    ...["model.patchSize", "model.qkNorm"],
    ...["alignment.projectorWidth", "transport.path", "optimizer.batchSize"],
  ]);
  for (const { info } of SETTINGS.filter(({ info }) => info.live)) {
    expect(info.fixedInFork).toBeUndefined();
  }
  expect(settingAt("optimizer.learningRate")?.info.fixedInFork).toBeUndefined();
});

test("a fork has its parent's changes up to its first step, and all of its images", () => {
  const steps = (step: number, before?: TimelineEntry) =>
    inheritedTimeline(TIMELINE, { step, before }).map(({ step: at }) => at);
  expect(steps(10)).toEqual([1, 11, 30]); // what was in force when the parent went on
  expect(steps(9)).toEqual([1, 30]);
  expect(steps(100)).toEqual([1, 11, 21, 21, 30]);
  expect(steps(20, TIMELINE[3])).toEqual([1, 11, 21, 30]); // without the second change of one step
  expect(inheritedTimeline(TIMELINE, { step: 9 }).at(-1)).toEqual(TIMELINE[4]);
  const both = [{ step: 5, change: { projCoeff: 2 }, images: 3 }];
  expect(inheritedTimeline(both, { step: 1 })).toEqual([{ step: 5, change: {}, images: 3 }]);
});

test("without a change a fork goes on as its parent did", () => {
  const point = { step: 10 };
  const fork = forkOf(parent, point, unchangedFork(parent, point));
  expect(fork.experiment).toEqual(experiment);
  expect(JSON.stringify(fork.experiment)).toBe(JSON.stringify(experiment));
  expect(fork).toMatchObject({ change: [], inTimeline: true });
  expect(alignmentAt(fork.experiment, fork.timeline, 11).projCoeff).toBe(0.9);
});

test("a fork before a live change is without it, and says so", () => {
  const point = { step: 10, before: TIMELINE[1] };
  const fork = forkOf(parent, point, unchangedFork(parent, point));
  expect(fork.timeline.map(({ step }) => step)).toEqual([1, 30]);
  expect(fork.change).toEqual([{ path: "alignment.projCoeff", from: 0.9, to: lambda }]);
  expect(fork.inTimeline).toBe(true);
});

test("a changed live setting is an entry of the timeline, any other is told as none", () => {
  const point = { step: 10 };
  const start = unchangedFork(parent, point);
  const live = forkOf(parent, point, withAlignment(start, { projCoeff: 0 }));
  expect(live.experiment).toEqual(experiment);
  expect(live.timeline).toContainEqual({ step: 11, change: { projCoeff: 0 } });
  expect(live.change).toEqual([{ path: "alignment.projCoeff", from: 0.9, to: 0 }]);
  expect(alignmentAt(live.experiment, live.timeline, 11).projCoeff).toBe(0);
  expect(live.inTimeline).toBe(true);

  const optimizer = { ...start.optimizer, learningRate: 5e-4, steps: 90 };
  const sampling = { ...start.sampling, steps: 7 };
  const rate = forkOf(parent, point, { ...start, optimizer, sampling });
  expect(rate.change.map(({ path }) => path)).toEqual([
    "optimizer.learningRate",
    "optimizer.steps",
    "sampling.steps",
  ]);
  expect(rate.inTimeline).toBe(false);
  const longer = { ...start, optimizer: { ...start.optimizer, steps: 90 }, sampling };
  expect(forkOf(parent, point, longer).inTimeline).toBe(true);
});

test("where the checkpoint lies before the change, what replaces it comes at the change's step", () => {
  const point = { step: 5, before: TIMELINE[1] };
  const fork = forkOf(parent, point, withAlignment(experiment, { projCoeff: 0.2 }));
  expect(fork.timeline).toContainEqual({ step: 11, change: { projCoeff: 0.2 } });
  expect(fork.change).toEqual([{ path: "alignment.projCoeff", from: 0.9, to: 0.2 }]);
});

test("what is fixed stays the parent's whatever is wanted", () => {
  const wanted = Experiment.parse({
    ...experiment,
    model: { ...experiment.model, size: "B" },
    optimizer: { ...experiment.optimizer, batchSize: 7, emaDecay: 0.5 },
  });
  const fork = forkOf(parent, { step: 3 }, wanted);
  expect(fork.experiment.model).toEqual(experiment.model);
  expect(fork.experiment.optimizer).toEqual({ ...experiment.optimizer, emaDecay: 0.5 });
});

test("a fork that has no step to take, or another label table, is refused with the numbers", () => {
  const issues = (optimizer: Partial<Experiment["optimizer"]>) => {
    const wanted = { ...experiment, optimizer: { ...experiment.optimizer, ...optimizer } };
    const point = { step: 40 };
    return forkIssues(parent, point, forkOf(parent, point, wanted)).map(({ path }) => path);
  };
  expect(issues({ steps: 41, labelDrop: 0.2 })).toEqual([]);
  expect(issues({ steps: 40 })).toEqual(["optimizer.steps"]);
  expect(issues({ steps: 41, labelDrop: 0 })).toContain("optimizer.labelDrop");
});
