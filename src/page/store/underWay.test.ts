import { expect, test } from "vitest";
import { Experiment } from "../../common/config/experiment";
import type { RunEvent } from "../../common/protocol/trainer";
import { createStudioStore } from "./studioStore";
import { pageTitle, underWay } from "./underWay";

const experiment = Experiment.parse({ optimizer: { steps: 300 } });
const points = [{ step: 113, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 1 }];
const phase = (name: "training" | "paused" | "finished"): RunEvent => ({
  type: "phase",
  phase: name,
  step: 113,
});

function training() {
  const store = createStudioStore(experiment);
  store.getState().beginRun({ runId: "a", name: "First minute", experiment, timeline: [] });
  store.getState().applyRunEvents([{ type: "steps", points }, phase("training")]);
  return store;
}

test("what closing the tab would cut short is named", () => {
  const store = createStudioStore(experiment);
  const names = () => underWay(store.getState());
  expect(names()).toEqual([]);
  store.getState().beginImport("Cats", "folder cats");
  store.getState().beginAnalysis();
  store.getState().setPrefill("running");
  expect(names()).toEqual(["caches", "import", "analysis"]);
  store.getState().endImport(null);
  store.getState().endAnalysis(null);
  store.getState().setPrefill("paused");
  expect(names()).toEqual([]);
  expect(underWay(training().getState())).toEqual(["run"]);
});

test("a paused run is under way, one that ended is not", () => {
  const store = training();
  store.getState().applyRunEvents([phase("paused")]);
  expect(underWay(store.getState())).toEqual(["run"]);
  store.getState().applyRunEvents([phase("finished")]);
  expect(underWay(store.getState())).toEqual([]);
});

test("the title says how far a run is, and how it ended where nobody looks", () => {
  const store = training();
  const title = (hidden = false) => pageTitle(store.getState(), hidden);
  expect(title()).toBe("37 % · First minute · REPA Studio");
  store.getState().applyRunEvents([phase("paused")]);
  expect(title()).toBe("Paused at 37 % · First minute · REPA Studio");
  store.getState().applyRunEvents([phase("finished")]);
  expect(title()).toBe("REPA Studio");
  expect(title(true)).toBe("Finished · First minute · REPA Studio");
  const failure = { code: "INTERNAL", message: "", hint: "" } as const;
  store.getState().applyRunEvents([{ type: "failed", failure }]);
  expect(title(true)).toBe("Failed · First minute · REPA Studio");
  expect(pageTitle(createStudioStore(experiment).getState(), true)).toBe("REPA Studio");
});

test("while caches are filled the title counts them", () => {
  const store = createStudioStore(experiment);
  store.getState().beginRun({ runId: "a", name: "First minute", experiment, timeline: [] });
  expect(pageTitle(store.getState(), false)).toBe("Caches · First minute · REPA Studio");
  const counts = { done: 5, ready: { train: 3, heldOut: 1 }, total: 10, imagesPerSecond: 2 };
  store.getState().applyCacheEvent({ type: "progress", label: "Latents", ...counts });
  expect(pageTitle(store.getState(), false)).toBe("Caches 50 % · First minute · REPA Studio");
});
