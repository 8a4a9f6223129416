import { expect, test } from "vitest";
import { Experiment } from "../../common/config/experiment";
import type { OpenedCheckpoint, StoredAnalysis, Subject } from "../../common/protocol/analysis";
import {
  initialAnalysis,
  planOf,
  reduceAnalysis,
  subjectKey,
  type AnalysedRun,
  type AnalysisState,
} from "./analysisSlice";
import { createStudioStore } from "./studioStore";

const experiment = Experiment.parse({
  evaluation: { heldOutCount: 64, cknnaK: 5 },
  optimizer: { seed: 7 },
});
const RUN: AnalysedRun = {
  id: "a",
  name: "A",
  experiment,
  timeline: [{ step: 50, change: { encoders: ["patch-histogram"] } }],
  phase: "finished",
  createdAtMs: 1,
  datasetHash: "d",
  device: null,
  checkpointSteps: [40, 80],
  gridSteps: [],
  measurements: [],
};
const at = (step: number): Subject => ({ kind: "run", runId: "a", step });
const FILE: OpenedCheckpoint = {
  fileId: "f",
  name: "a.safetensors",
  step: 9,
  experiment,
  timeline: [],
};
const RESULT: StoredAnalysis = {
  key: "k",
  createdAtMs: 1,
  datasetHash: "d",
  seed: 0,
  device: { backend: "cpu", adapter: "CPU", slow: true, float16: false },
  found: {
    subject: null,
    result: {
      kind: "encoderAlignment",
      encoder: "tiny-vit",
      other: "patch-histogram",
      imageCount: 64,
      k: 5,
      cknna: 0.5,
    },
  },
};

function storeWith(runs: readonly AnalysedRun[] = [RUN]) {
  const store = createStudioStore(experiment);
  store.getState().setAnalysed(runs, []);
  return { store, state: () => store.getState().analysis };
}

test("a result that is measured again replaces the one under its key", () => {
  const once = reduceAnalysis(initialAnalysis, { type: "result", stored: RESULT });
  const twice = reduceAnalysis(once, { type: "result", stored: { ...RESULT, createdAtMs: 2 } });
  const other = reduceAnalysis(twice, { type: "result", stored: { ...RESULT, key: "l" } });
  expect(twice.results.map(({ createdAtMs }) => createdAtMs)).toEqual([2]);
  expect(other.results.map(({ key }) => key)).toEqual(["k", "l"]);
});

test("progress, device and warnings belong to the job and leave results alone", () => {
  const events = [
    { type: "device", device: RESULT.device },
    { type: "progress", detail: "probe", done: 3, all: 9 },
    { type: "warning", failure: { code: "DEVICE_LOST", message: "m", hint: "h" } },
  ] as const;
  const { job, results } = events.reduce(reduceAnalysis, initialAnalysis);
  expect(job).toMatchObject({ detail: "probe", done: 3, all: 9, device: RESULT.device });
  expect(job.warnings).toHaveLength(1);
  expect(results).toBe(initialAnalysis.results);
});

test("what the plan leaves open is as in the run chosen first, encoders as aligned at each chosen step", () => {
  const { store, state } = storeWith();
  expect(planOf(state())).toBeNull();
  store.getState().toggleSubject(at(40));
  expect(planOf(state())).toMatchObject({
    times: [0.5],
    encoders: ["tiny-vit"],
    alignmentCount: 64,
    k: 5,
    seed: 7,
    samples: null,
  });
  store.getState().toggleSubject(at(80));
  expect(planOf(state())?.encoders).toEqual(["tiny-vit", "patch-histogram"]);
  store.getState().draftPlan({ encoders: ["tiny-vit"], k: 12 });
  expect(planOf(state())).toMatchObject({ encoders: ["tiny-vit"], k: 12 });
});

test("a subject is chosen once and given back by the same hand", () => {
  const { store, state } = storeWith();
  store.getState().toggleSubject(at(40));
  store.getState().toggleSubject(at(80));
  store.getState().toggleSubject(at(40));
  expect(state().subjects.map(subjectKey)).toEqual(["run/a/80"]);
});

test("checkpoints and runs that are gone are no longer chosen; files stay", () => {
  const { store, state } = storeWith();
  store.getState().toggleSubject(at(40));
  store.getState().toggleSubject(at(80));
  store.getState().addCheckpoint(FILE);
  store.getState().setAnalysed([{ ...RUN, checkpointSteps: [80, 120] }], []);
  expect(state().subjects.map(subjectKey)).toEqual(["run/a/80", "file/f"]);
  store.getState().setAnalysed([], []);
  expect(state().subjects.map(subjectKey)).toEqual(["file/f"]);
});

test("a file opened twice is listed once; closing it gives it back; a refusal goes when it opens", () => {
  const { store, state } = storeWith();
  const failure = { code: "BAD_CHECKPOINT", message: "m", hint: "h" } as const;
  store.getState().refuseCheckpoint(FILE.name, failure);
  store.getState().refuseCheckpoint(FILE.name, failure);
  expect(state().refused).toHaveLength(1);
  store.getState().addCheckpoint(FILE);
  store.getState().addCheckpoint(FILE);
  expect(state()).toMatchObject({ files: [FILE], refused: [] });
  store.getState().removeCheckpoint("f");
  expect(state()).toMatchObject({ files: [], subjects: [] });
});

test("an analysis ends done, cancelled without a complaint, or failed with one", () => {
  const { store, state } = storeWith();
  const ends = (failure: Parameters<ReturnType<typeof store.getState>["endAnalysis"]>[0]) => {
    store.getState().beginAnalysis();
    store.getState().runAnalysis();
    store.getState().endAnalysis(failure);
    const { status, failure: said }: AnalysisState["job"] = state().job;
    return [status, said?.code ?? null];
  };
  expect(ends(null)).toEqual(["done", null]);
  expect(ends({ code: "CANCELLED", message: "m", hint: "h" })).toEqual(["cancelled", null]);
  expect(ends({ code: "CACHE_MISSING", message: "m", hint: "h" })).toEqual([
    "failed",
    "CACHE_MISSING",
  ]);
});
