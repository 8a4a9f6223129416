import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { Experiment } from "../../src/common/config/experiment";
import { presetById } from "../../src/common/config/presets";
import type { RunEvent } from "../../src/common/protocol/trainer";
import { latestCheckpoint, putCheckpoint } from "../../src/common/storage/checkpoints";
import type { ParamMap } from "../../src/engine/nn/params";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/engine/training/checkpoint";
import { disposeState } from "../../src/engine/training/trainState";
import { useStoredStudio } from "./storedStudio";

const TINY = presetById("tiny").experiment;
const experiment = Experiment.parse({
  ...TINY,
  evaluation: { ...TINY.evaluation, gridEvery: 1000, checkpointEvery: 1000, metricsEvery: 1000 },
});
const STORED_AT = 2;

const studio = useStoredStudio();
beforeAll(() => studio.fill(experiment, "wasm"), 120_000);

/** A run that was stopped after its second step. */
async function stoppedRun(runId: string): Promise<void> {
  const request = { runId, experiment, timeline: [], pauseAfter: STORED_AT };
  await studio.train({ ...request, backend: "wasm" }, (event, trainer) => {
    if (event.type === "phase" && event.phase === "paused") void trainer.stop();
  });
}

/** Every number of a tensor of the stored state set to `value`. */
async function spoil(runId: string, part: "params" | "expAvg", name: string, value: number) {
  const db = studio.db();
  const found = await latestCheckpoint(db, runId);
  if (!found) throw new Error("no checkpoint");
  const { state, projectors } = decodeCheckpoint(found.record.bytes);
  const before = state[part][name];
  if (!before) throw new Error(`no ${name}`);
  const spoilt: ParamMap = { ...state[part], [name]: tf.fill(before.shape, value) };
  const facts = { experiment, timeline: [], projectors };
  const bytes = await encodeCheckpoint({ ...state, [part]: spoilt }, facts);
  disposeState({ ...state, [part]: spoilt });
  before.dispose();
  await putCheckpoint(db, runId, STORED_AT, bytes, { nowMs: 2, interim: false });
}

/** Goes on until the run fails. */
async function failureOf(runId: string, stopsTheSearch = false) {
  const events: RunEvent[] = [];
  const request = { runId, experiment, timeline: [] };
  const outcome = await studio.train({ ...request, backend: "wasm" }, (event, trainer) => {
    events.push(event);
    const searches = event.type === "activity" && event.detail.startsWith("Looking for");
    if (searches && stopsTheSearch) void trainer.stop();
  });
  const activity = events.flatMap((event) => (event.type === "activity" ? [event.detail] : []));
  return { failure: outcome.ok ? undefined : outcome.failure, activity };
}

test("a run that overflows says which tensor did first, in how many images and at which t", async () => {
  await stoppedRun("activation");
  await spoil("activation", "params", "blocks.1.adaLN_modulation.1.bias", 3e38);
  const { failure, activity } = await failureOf("activation");
  expect(failure?.code).toBe("NONFINITE_LOSS");
  expect(failure?.message).toMatch(
    /^Step 3 gave .* The first to overflow is what blocks\.1\.attn gives, in 4 of 4 images, at t = 0\.\d+ to 0\.\d+\.$/,
  );
  expect(activity).toContain("Looking for what overflowed: step 1 of 1 once more");
}, 60_000);

test("steps since the checkpoint are repeated: the update that spoilt a parameter is found behind it", async () => {
  await stoppedRun("update");
  await spoil("update", "expAvg", "blocks.0.mlp.fc1.bias", 3e38);
  const { failure, activity } = await failureOf("update");
  expect(failure?.message).toMatch(
    /^Step 4 gave .* The update before it left blocks\.0\.mlp\.fc1\.bias with numbers that are none\.$/,
  );
  expect(activity).toContain("Looking for what overflowed: step 2 of 2 once more");
}, 60_000);

test("a stop ends the search, and why the run ended is said all the same", async () => {
  const { failure } = await failureOf("update", true);
  expect(failure?.message).toMatch(/^Step 4 gave /);
  expect(failure?.message).not.toContain("The update before it");
}, 60_000);
