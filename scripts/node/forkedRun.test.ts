import { beforeAll, expect, test } from "vitest";
import {
  Experiment,
  type ControlChange,
  type TimelineEntry,
} from "../../src/common/config/experiment";
import type { TrainerApi } from "../../src/common/protocol/trainer";
import { forkOf, unchangedFork, type ForkPoint } from "../../src/common/config/forks";
import { presetById } from "../../src/common/config/presets";
import { sha256Hex } from "../../src/common/formats/sha256";
import { checkpointHeads, latestCheckpoint } from "../../src/common/storage/checkpoints";
import { storeFork } from "../../src/common/storage/forks";
import { getRun, readRun } from "../../src/common/storage/runs";
import { pointsOf } from "../../src/common/storage/stepRows";
import { readCheckpoint } from "../../src/engine/training/checkpoint";
import { createFeaturesSession } from "../../src/sessions/features/featuresSession";
import { cacheRequest } from "./cachesFirst";
import { useStoredStudio } from "./storedStudio";
import { valueOf } from "../../test/valueOf";

/** Long runs, of which the first steps are taken: nothing is due but samples and a checkpoint after the third. */
const TINY = presetById("tiny").experiment;
const experiment = Experiment.parse({
  ...TINY,
  optimizer: { ...TINY.optimizer, steps: 1000 },
  sampling: { ...TINY.sampling, gridSize: 1, steps: 1 },
  evaluation: { ...TINY.evaluation, gridEvery: 3, checkpointEvery: 3, metricsEvery: 1000 },
});
const FORKED_AT = 3;
const LAST = 5;

const studio = useStoredStudio();
beforeAll(() => studio.fill(experiment, "wasm"), 120_000);

interface Training {
  readonly timeline?: readonly TimelineEntry[];
  /** Steps that were taken before. */
  readonly from?: number;
  /** A live change, made after so many steps. */
  readonly changed?: { readonly after: number; readonly change: ControlChange };
}

/** Trains a run up to its last step here. */
async function train(runId: string, { timeline = [], from = 0, changed }: Training = {}) {
  let waiting = changed;
  const onPaused = async (trainer: TrainerApi) => {
    if (!waiting) return trainer.stop();
    const { after, change } = waiting;
    waiting = undefined;
    valueOf(await trainer.setControl(change));
    for (let step = after; step < LAST; step++) await trainer.singleStep();
  };
  const pauseAfter = (changed?.after ?? LAST) - from;
  const request = { runId, experiment, timeline, pauseAfter, backend: "wasm" } as const;
  const outcome = await studio.train(request, (event, trainer) => {
    if (event.type === "phase" && event.phase === "paused") void onPaused(trainer);
  });
  valueOf(outcome);
}

/** Stores a fork of a run and trains it. */
async function trainFork(id: string, parentId: string, point: ForkPoint, wanted?: Experiment) {
  const parent = await getRun(studio.db(), parentId);
  if (!parent) throw new Error(`there is no run ${parentId}`);
  const fork = forkOf(parent, point, wanted ?? unchangedFork(parent, point));
  const look = { color: 0, shown: true };
  await storeFork(studio.db(), { id, parent, step: point.step, fork, look, nowMs: 1 });
  await train(id, { from: point.step });
}

/** What a run is after its last step, to the bit, and what it logged after step `since`. */
async function outcomeOf(runId: string, since: number) {
  const run = await readRun(studio.db(), runId);
  const bytes = (await latestCheckpoint(studio.db(), runId))?.record.bytes ?? new ArrayBuffer(0);
  const { step, parts, projectors, projectorSteps } = readCheckpoint(bytes);
  const tensors = Object.values(parts).flatMap((part) =>
    [...part].map(async ([name, { data }]) => `${name} ${await sha256Hex(data.slice().buffer)}`),
  );
  return {
    ...{ step, projectors, projectorSteps, tensors: await Promise.all(tensors) },
    points: (await pointsIn(runId))
      .filter((point) => point.step > since)
      .map((point) => ({ ...point, stepMs: 0 })),
    grids: run?.grids
      .filter((grid) => grid.step > since)
      .map((grid) => [grid.step, [...new Uint8Array(grid.png)].join()]),
  };
}
const pointsIn = async (runId: string) =>
  pointsOf((await readRun(studio.db(), runId))?.steps ?? []);

const CHANGE = { projCoeff: 2, encoders: ["tiny-vit", "patch-histogram"] } satisfies ControlChange;

test("a fork without a change goes on to the bit as its parent did, and logs its own steps alone", async () => {
  await train("whole");
  await trainFork("fork", "whole", { step: FORKED_AT });
  expect(await outcomeOf("fork", FORKED_AT)).toEqual(await outcomeOf("whole", FORKED_AT));
  expect((await pointsIn("fork")).map(({ step }) => step)).toEqual([4, 5]);
  // what was due at the step it was forked at is its parent's
  expect((await readRun(studio.db(), "whole"))?.grids).toHaveLength(1);
  expect((await readRun(studio.db(), "fork"))?.grids).toEqual([]);
}, 60_000);

test("a live change leaves a state to go back to: undone, the run is as if it had never been made", async () => {
  const change = { projCoeff: 2 };
  await train("changed", { changed: { after: 2, change } });
  const [entry] = (await getRun(studio.db(), "changed"))?.timeline ?? [];
  expect(entry).toEqual({ step: 3, change });
  const heads = await checkpointHeads(studio.db(), "changed");
  expect(heads.filter(({ forkPoint }) => forkPoint).map(({ step }) => step)).toEqual([2]);
  expect(await outcomeOf("changed", 2)).not.toEqual(await outcomeOf("whole", 2));
  await trainFork("undone", "changed", { step: 2, before: entry });
  expect(await outcomeOf("undone", 2)).toEqual(await outcomeOf("whole", 2));
}, 60_000);

test("a fork with live settings changed equals a run with its timeline from the start", async () => {
  const features = cacheRequest(experiment, [{ step: 4, change: CHANGE }], "wasm");
  valueOf(await createFeaturesSession(studio.environment).prepare(features, () => undefined));
  const wanted = { ...experiment, alignment: { ...experiment.alignment, ...CHANGE } };
  await trainFork("live", "whole", { step: FORKED_AT }, wanted);
  const fork = await getRun(studio.db(), "live");
  expect(fork).toMatchObject({ experiment, timeline: [{ step: 4 }], parent: { repeatable: true } });
  await train("repeated", { timeline: fork?.timeline ?? [] });
  expect(await outcomeOf("live", FORKED_AT)).toEqual(await outcomeOf("repeated", FORKED_AT));
  expect(await outcomeOf("live", FORKED_AT)).not.toEqual(await outcomeOf("whole", FORKED_AT));
}, 60_000);

test("another learning rate holds from the fork on", async () => {
  const optimizer = { ...experiment.optimizer, learningRate: 0.01 };
  await trainFork("rate", "whole", { step: FORKED_AT }, { ...experiment, optimizer });
  const { points } = await outcomeOf("rate", FORKED_AT);
  const before = await outcomeOf("whole", FORKED_AT);
  expect(points[0]).toEqual(before.points[0]); // its loss is of the weights before its update
  expect(points[1]).not.toEqual(before.points[1]);
}, 60_000);

test("a fork whose checkpoint is gone fails: its first steps are its parent's", async () => {
  await studio.db().clear("checkpoints");
  await expect(train("rate")).rejects.toThrow(/BAD_CHECKPOINT: This fork begins after step 3/);
}, 60_000);
