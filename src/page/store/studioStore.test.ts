import { expect, test } from "vitest";
import { Experiment, type ControlChange } from "../../common/config/experiment";
import { PRESETS } from "../../common/config/presets";
import type {
  LayerAlignment,
  Measurement,
  RunEvent,
  SampleGrid,
  SampleQuality,
} from "../../common/protocol/trainer";
import {
  alignmentAtStep,
  neighbourGridStep,
  selectActive,
  knownDevice,
  selectEtaSeconds,
  selectGrid,
  selectTrainBlock,
  steppedCursor,
} from "./selectors";
import { appendSteps, emptyStepLog, stepAt } from "./stepLog";
import { canPause } from "./runPhase";
import { createStudioStore } from "./studioStore";
import { missingBytes } from "./dataSlice";

const experiment = Experiment.parse({
  alignment: { encoderDepth: 2 },
  optimizer: { steps: 100 },
});
const start = { runId: "r1", name: "First minute", experiment, timeline: [] };
const step = (number: number): Extract<RunEvent, { type: "steps" }> => ({
  type: "steps",
  points: [{ step: number, velocityLoss: 1, projLoss: -0.1, gradNorm: 1, stepMs: 500 }],
});
const grid = (number: number): SampleGrid => ({
  step: number,
  png: new ArrayBuffer(4),
  count: 4,
  columns: 2,
  tile: 64,
  labels: [0, 1, 2, 3],
});
const layers = (number: number, encoder: string): LayerAlignment => ({
  kind: "layerAlignment",
  step: number,
  encoder,
  imageCount: 64,
  k: 10,
  time: 0.5,
  cknna: [0.1, 0.2],
  cka: [0.1, 0.2],
  mutualKnn: [0.1, 0.2],
  chance: 0.01,
});
const quality = (number: number): SampleQuality => ({
  kind: "sampleQuality",
  step: number,
  space: "tiny-vit, token mean",
  sampleCount: 256,
  pairCount: 256,
  referenceCount: 3000,
  kid: 30,
  kidLow: 25,
  kidHigh: 35,
  kidFloor: 0.2,
  frechetTop: 8,
  components: 32,
  frechetFloor: 0.4,
});

function training() {
  const store = createStudioStore(experiment, "first-minute");
  store.getState().beginRun(start);
  store.getState().applyRunEvents([
    {
      type: "device",
      device: { backend: "wasm", adapter: "wasm, 2 threads", slow: true, float16: false },
    },
    { type: "phase", phase: "training", step: 0 },
    step(1),
    step(2),
  ]);
  return store;
}

test("a gradient conflict measured again after a resume replaces the one of its step", () => {
  const store = training();
  const conflict = (number: number, cosine: number): Measurement => ({
    kind: "gradientConflict",
    step: number,
    encoders: ["tiny-vit"],
    encoderDepth: 1,
    projCoeff: 0.5,
    objective: "cosine",
    imageCount: 8,
    batchSize: 16,
    blocks: [{ cosine, velocityNorm: 1, alignmentNorm: 1 }],
    embedders: { cosine: null, velocityNorm: 0, alignmentNorm: 0 },
  });
  const events = [conflict(20, 0.1), conflict(10, 0.2), conflict(20, -0.3)];
  store
    .getState()
    .applyRunEvents(events.map((measurement) => ({ type: "measurement", measurement })));
  const { gradientConflict: kept } = store.getState().metrics;
  expect(kept.map(({ step: at, blocks }) => [at, blocks[0]?.cosine])).toEqual([
    [10, 0.2],
    [20, -0.3],
  ]);
});

test("a batch of events reaches every slice in one update", () => {
  const store = training();
  let updates = 0;
  store.subscribe(() => updates++);
  store
    .getState()
    .applyRunEvents([
      step(3),
      { type: "grid", grid: grid(3) },
      { type: "measurement", measurement: quality(3) },
      { type: "measurement", measurement: layers(3, "tiny-vit") },
    ]);
  const { run, metrics, samples } = store.getState();
  expect(updates).toBe(1);
  expect(run.step).toBe(3);
  expect(metrics.sampleQuality).toHaveLength(1);
  expect(metrics.layerAlignment).toHaveLength(1);
  expect(samples.grids).toHaveLength(1);
});

test("rate and remaining time follow the logged steps", () => {
  const state = training().getState();
  expect(selectEtaSeconds(state)).toBe((98 * 500) / 1000);
  expect(selectActive(state)).toBe(true);
});

test("a control event is recorded once, in order, and sets the controls", () => {
  const store = training();
  const later = { step: 5, change: { projCoeff: 1 } };
  store.getState().applyRunEvents([
    { type: "control", entry: later },
    { type: "control", entry: { step: 3, change: { encoderDepth: 1 } } },
    { type: "control", entry: later },
  ]);
  const { run, experiment: edited } = store.getState();
  expect(run.timeline).toEqual([{ step: 3, change: { encoderDepth: 1 } }, later]);
  expect(edited.value.alignment).toMatchObject({ projCoeff: 1, encoderDepth: 1 });
  expect(run.experiment?.alignment.projCoeff).toBe(0.5); // what the run was started with
});

test("a failure ends the run, keeps what was logged, and can be put away", () => {
  const store = training();
  store.getState().applyRunEvents([
    {
      type: "failed",
      failure: { code: "NONFINITE_LOSS", message: "Loss became NaN at step 3.", hint: "Lower it." },
    },
  ]);
  expect(store.getState().run).toMatchObject({ phase: "failed", step: 2 });
  expect(store.getState().run.log.length).toBe(2);
  expect(selectActive(store.getState())).toBe(false);
  store.getState().dismissFailure();
  expect(store.getState().run).toMatchObject({ phase: "failed", failure: null });
});

test("the same warning twice is one warning", () => {
  const store = training();
  const failure = { code: "STORAGE_FAILED", message: "Could not save.", hint: "" } as const;
  store.getState().applyRunEvents([
    { type: "warning", failure },
    { type: "warning", failure },
  ]);
  expect(store.getState().run.warnings).toEqual([failure]);
});

test("a run restored after a reload shows its points, and resuming goes on from the checkpoint", () => {
  const store = createStudioStore(Experiment.parse({}), null);
  store.getState().restoreRun({
    ...start,
    timeline: [{ step: 2, change: { projCoeff: 1.5 } }],
    phase: "training",
    device: null,
    log: appendSteps(
      emptyStepLog(),
      [1, 2, 3, 4].flatMap((number) => step(number).points),
    ),
    measurements: [layers(4, "tiny-vit"), quality(2)],
    grids: [grid(4), grid(2)],
    checkpoint: { step: 2, bytes: 10 },
  });
  expect(store.getState().run).toMatchObject({ phase: "stopped", step: 4 });
  expect(store.getState().experiment.value.alignment.projCoeff).toBe(1.5);
  expect(store.getState().samples.grids.map((g) => g.step)).toEqual([2, 4]);

  store
    .getState()
    .applyRunEvents([
      { type: "phase", phase: "training", step: 2 },
      step(3),
      { type: "grid", grid: grid(4) },
    ]);
  const { run, samples } = store.getState();
  expect(run.log.length).toBe(3);
  expect(stepAt(run.log, 2)).toBe(3);
  expect(samples.grids).toHaveLength(2);
});

test("the scrubber moves by logged steps and finds the grid of its step", () => {
  const store = training();
  store
    .getState()
    .applyRunEvents([step(3), { type: "grid", grid: grid(1) }, { type: "grid", grid: grid(3) }]);
  expect(selectGrid(store.getState())?.step).toBe(3);
  expect(steppedCursor(store.getState(), -1)).toBe(2);
  store.getState().setCursor(2);
  expect(selectGrid(store.getState())?.step).toBe(1);
  expect(steppedCursor(store.getState(), 1)).toBeNull(); // the newest step: follow again
  expect(steppedCursor(store.getState(), -9)).toBe(1);
  expect(neighbourGridStep(store.getState(), 1)).toBe(3);
  expect(neighbourGridStep(store.getState(), -1)).toBeNull();
});

test("scheduled changes block a run that cannot make them, and are the run's own once it has a step", () => {
  const store = createStudioStore(experiment, null);
  const state = () => store.getState();
  const late = [{ step: 5, change: { encoderDepth: 30 } }];
  state().loadExperiment(experiment, null, late);
  expect(selectTrainBlock(state())).toMatch(/^timeline\.0\.encoderDepth: Block 30/);
  state().clearScheduled();
  expect(selectTrainBlock(state())).toBeNull();

  const timeline = [{ step: 5, change: { projCoeff: 1 } }];
  state().loadExperiment(experiment, null, timeline);
  state().setField("optimizer", "seed", 4);
  expect(state().experiment.scheduled).toEqual(timeline);
  state().beginRun({ ...start, timeline });
  expect(state().experiment.scheduled).toEqual(timeline); // it may still be refused
  state().applyRunEvents([step(1)]);
  expect(state().experiment.scheduled).toEqual([]);
  expect(state().run.timeline).toEqual(timeline);

  state().loadExperiment(experiment, null, timeline);
  state().applyRunEvents([step(2)]);
  state().loadExperiment(experiment, "first-minute");
  expect(state().experiment.scheduled).toEqual([]);
});

test("while a run is resumed its step is that of its checkpoint", () => {
  const store = createStudioStore(experiment, null);
  const checkpoint = { step: 50, bytes: 4 };
  const log = appendSteps(emptyStepLog(), step(61).points);
  const stored = { ...start, phase: "stopped", device: null, log, checkpoint } as const;
  store.getState().restoreRun({ ...stored, measurements: [], grids: [] });
  store.getState().setPhase("caching");
  store.getState().applyRunEvents([{ type: "phase", phase: "loading", step: 0 }]);
  expect(store.getState().run).toMatchObject({ phase: "loading", step: 50 });
  store.getState().beginRun(start);
  store.getState().applyRunEvents([{ type: "phase", phase: "loading", step: 0 }]);
  expect(store.getState().run.step).toBe(0);
});

test("a run of a preset keeps its name when it is restored, with what differs counted", () => {
  const [preset] = PRESETS;
  if (!preset) throw new Error("no preset");
  const restored = (of: Experiment, name: string, change: ControlChange) => {
    const store = createStudioStore(experiment, null);
    const stored = { runId: "a", name, experiment: of, timeline: [{ step: 3, change }] };
    const nothing = {
      log: emptyStepLog(),
      measurements: [],
      grids: [],
      checkpoint: null,
      device: null,
    };
    store.getState().restoreRun({ ...stored, ...nothing, phase: "stopped" });
    return store.getState().experiment;
  };
  const moved = restored(preset.experiment, preset.name, { projCoeff: 1.25 });
  expect(moved).toMatchObject({ presetId: preset.id, changed: ["alignment.projCoeff"] });
  const { optimizer } = preset.experiment;
  const seeded = { ...preset.experiment, optimizer: { ...optimizer, seed: 9 } };
  expect(restored(seeded, preset.name, {})).toMatchObject({
    presetId: preset.id,
    changed: ["optimizer.seed"],
  });
  expect(restored(preset.experiment, "Custom", {}).presetId).toBe(preset.id);
  expect(restored(seeded, "Custom", {})).toMatchObject({ presetId: null, changed: [] });
});

test("before the first grid none is shown, and the next one is the first", () => {
  const store = training();
  const { applyRunEvents, setCursor } = store.getState();
  applyRunEvents([step(3), step(4), { type: "grid", grid: grid(3) }]);
  setCursor(2);
  expect(selectGrid(store.getState())).toBeNull();
  expect(neighbourGridStep(store.getState(), 1)).toBe(3);
  expect(neighbourGridStep(store.getState(), -1)).toBeNull();
  setCursor(3);
  expect(selectGrid(store.getState())?.step).toBe(3);
  expect(neighbourGridStep(store.getState(), 1)).toBeNull();
});

test("with several grids none is skipped on the way there", () => {
  const store = training();
  const { applyRunEvents, setCursor } = store.getState();
  const grids = [3, 6, 9].map((number) => ({ type: "grid", grid: grid(number) }) as const);
  applyRunEvents([...[3, 4, 5, 6, 7, 8, 9, 10].map(step), ...grids]);
  const visited = [1];
  while (visited.length <= grids.length) {
    setCursor(visited.at(-1) ?? null);
    visited.push(neighbourGridStep(store.getState(), 1) ?? -1);
  }
  expect(visited).toEqual([1, 3, 6, 9]);
  setCursor(8);
  expect(neighbourGridStep(store.getState(), 1)).toBe(9);
  expect(neighbourGridStep(store.getState(), -1)).toBe(3);
});

test("alignment at a step is the newest of each encoder that is not after it", () => {
  const measured = [layers(10, "a"), layers(20, "a"), layers(20, "b")];
  expect(alignmentAtStep(measured, 15).map((m) => [m.encoder, m.step])).toEqual([["a", 10]]);
  expect(alignmentAtStep(measured, 25).map((m) => [m.encoder, m.step])).toEqual([
    ["a", 20],
    ["b", 20],
  ]);
});

test("Train is blocked by a contradiction and by a machine that cannot", () => {
  const store = createStudioStore(experiment, null);
  expect(selectTrainBlock(store.getState())).toBeNull();
  store.getState().setField("model", "patchSize", 3);
  expect(selectTrainBlock(store.getState())).toMatch(/^model\.patchSize: One of 1, 2, 4, 8/);
  store.getState().setCapability({ kind: "failed", reason: "No workers." });
  expect(selectTrainBlock(store.getState())).toBe("No workers.");
});

test("a run is computed on its device, and before it on what the browser says", () => {
  const store = createStudioStore(experiment, null);
  const known = () => {
    const { run, capability } = store.getState();
    return knownDevice(run.device, capability);
  };
  expect(known()).toBeUndefined();
  const offered = { maxBufferBytes: 100, maxBindingBytes: 50 };
  store.getState().setCapability({ kind: "webgpu", adapter: "an adapter", ...offered });
  expect(known()).toMatchObject({ backend: "webgpu", ...offered });
  const software = { kind: "software", adapter: "SwiftShader" } as const;
  const slow = { kind: "slow", adapter: "SwiftShader" } as const;
  store.getState().setCapability({ ...slow, reason: software, backend: null });
  expect(known()).toBeUndefined();
  store.getState().setCapability({ ...slow, reason: { kind: "noAdapter" }, backend: "wasm" });
  expect(known()?.backend).toBe("wasm");
  store.getState().setCapability({ ...slow, reason: { kind: "asked" }, backend: "cpu" });
  expect(known()?.backend).toBe("cpu");
  const device = { backend: "wasm", adapter: "CPU", slow: true, float16: false } as const;
  store.getState().applyRunEvents([{ type: "device", device }]);
  expect(known()).toBe(device);
});

test("pausing makes sense only while something is under way", () => {
  expect(["training", "evaluating", "compiling"].every((p) => canPause(p as "training"))).toBe(
    true,
  );
  expect(canPause("paused")).toBe(false);
  expect(canPause("finished")).toBe(false);
});

test("caching shows its progress, counts repairs and ends", () => {
  const store = createStudioStore(experiment, null);
  const { applyCacheEvent, endCaching } = store.getState();
  applyCacheEvent({
    type: "progress",
    label: "Latents",
    done: 5,
    ready: { train: 3, heldOut: 1 },
    total: 10,
    imagesPerSecond: 2,
  });
  applyCacheEvent({ type: "repaired", label: "Latents", shard: 1 });
  expect(store.getState().data).toMatchObject({
    progress: { label: "Latents", done: 5, total: 10 },
    repairedShards: 1,
  });
  endCaching();
  expect(store.getState().data.progress).toBeNull();
  const items = [
    { label: "Latents", bytes: 100, cachedBytes: 100, seconds: null },
    { label: "Features", bytes: 300, cachedBytes: 100, seconds: null },
  ];
  expect(missingBytes({ images: 10, items, weights: [] })).toBe(200);
});

test("a link waits in its slice until it is cleared", () => {
  const store = createStudioStore(experiment, null);
  store.getState().offerLink({
    from: "link",
    experiment,
    timeline: [],
    issues: [{ path: "optimizer.batchSize", message: "2000 is above 1024." }],
    costEstimate: null,
    failure: null,
    mismatch: null,
  });
  store.getState().setLinkCostEstimate({ images: 1, items: [], weights: [] });
  expect(store.getState().link?.costEstimate).toEqual({ images: 1, items: [], weights: [] });
  expect(selectActive(store.getState())).toBe(false);
  store.getState().clearLink();
  store.getState().setLinkCostEstimate({ images: 1, items: [], weights: [] });
  expect(store.getState().link).toBeNull();
});

test("a preset or a link is not shown over the settings of a run under way", () => {
  const store = createStudioStore(experiment, "tiny");
  const other = { ...experiment, optimizer: { ...experiment.optimizer, seed: 77 } };
  store.getState().beginRun({ runId: "a", name: "a run", experiment, timeline: [] });
  store.getState().loadExperiment(other, null);
  expect(store.getState().experiment).toMatchObject({ value: experiment, presetId: "tiny" });
  store.getState().setPhase("stopped");
  store.getState().loadExperiment(other, null);
  expect(store.getState().experiment.value).toEqual(other);
});

test("the form goes on showing a live change that is not in force yet", () => {
  const store = createStudioStore(experiment, "tiny");
  store.getState().beginRun({ runId: "a", name: "a run", experiment, timeline: [] });
  store.getState().setField("alignment", "projCoeff", 0.9);
  store.getState().wantControl({ projCoeff: 0.9 });
  const older = { step: 3, change: { projCoeff: 0.7 } };
  store.getState().applyRunEvents([{ type: "control", entry: older }]);
  expect(store.getState().experiment.value.alignment.projCoeff).toBe(0.9);
  expect(store.getState().run.timeline).toEqual([older]);
});

test("an entry that comes late, or twice, does not take the form back", () => {
  const store = createStudioStore(experiment, "tiny");
  store.getState().beginRun({ runId: "a", name: "a run", experiment, timeline: [] });
  const entries = [
    { step: 3, change: { projCoeff: 0.7 } },
    { step: 5, change: { projCoeff: 0.9 } },
  ];
  for (const entry of [...entries, ...entries.slice(0, 1)]) {
    store.getState().applyRunEvents([{ type: "control", entry }]);
  }
  expect(store.getState().run.timeline).toEqual(entries);
  expect(store.getState().experiment.value.alignment.projCoeff).toBe(0.9);
});
