import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expose } from "comlink";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Experiment } from "../../src/common/config/experiment";
import { MODEL_FAMILIES, type ModelFamily } from "../../src/common/config/modelFamily";
import { presetById } from "../../src/common/config/presets";
import { sha256Hex } from "../../src/common/formats/sha256";
import { measurementKey } from "../../src/common/protocol/measurementSeries";
import type { RunEvent } from "../../src/common/protocol/trainer";
import { latestCheckpoint } from "../../src/common/storage/checkpoints";
import type { Database } from "../../src/common/storage/db";
import { openStudioDb } from "../../src/common/storage/openDb";
import { readRun } from "../../src/common/storage/runs";
import { pointsOf } from "../../src/common/storage/stepRows";
import { createFeaturesSession } from "../../src/sessions/features/featuresSession";
import { createMetricsSession } from "../../src/sessions/metrics/metricsSession";
import { createTrainerSession } from "../../src/sessions/run/trainerSession";
import { ROOT } from "../setup.mjs";
import { cacheRequest } from "./cachesFirst";
import { nodeEnvironment } from "./environment";
import { checkoutPlaces } from "./places";
import { openState, type NodeState } from "./state";
import { nextTurn } from "./turn";
import { valueOf } from "../../test/valueOf";

/** Samples, figures and a checkpoint are due at step 4; the run goes on to step 6. */
const TINY = presetById("tiny").experiment;
const experimentOf = (family: ModelFamily) =>
  Experiment.parse({
    ...TINY,
    model: { ...TINY.model, family },
    optimizer: { ...TINY.optimizer, steps: 6 },
    sampling: { ...TINY.sampling, gridSize: 4, steps: 3 },
    evaluation: {
      ...TINY.evaluation,
      gridEvery: 4,
      metricsEvery: 4,
      checkpointEvery: 4,
      sampleCount: 8,
    },
  });
const DUE = 4;

let folder: string;
let state: NodeState;
let db: Database;
const environment = nodeEnvironment(checkoutPlaces(ROOT, "default"));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cut-run-"));
  state = await openState(folder);
  db = await openStudioDb();
  const request = cacheRequest(experimentOf("sit"), [], "cpu");
  valueOf(await createFeaturesSession(environment).prepare(request, () => undefined));
}, 120_000);
afterAll(() => {
  db.close();
  state.close();
  rmSync(folder, { recursive: true });
});

/** Trains a run to its end, or until `endAt` says so: the tab is then gone, and nothing more is stored. */
async function train(
  family: ModelFamily,
  runId: string,
  endAt: (event: RunEvent) => boolean = () => false,
) {
  const { port1, port2 } = new MessageChannel();
  expose(createMetricsSession({ clockMs: () => performance.now(), turn: nextTurn }), port1);
  const trainer = createTrainerSession(environment);
  await trainer.connectMetrics(port2);
  const request = { runId, name: "A run", experiment: experimentOf(family), timeline: [] };
  const events: RunEvent[] = [];
  const ended = trainer.start({ ...request, backend: "cpu" }, (event) => {
    events.push(event);
    if (endAt(event)) void trainer.stop();
  });
  const outcome = await ended;
  port1.close();
  valueOf(outcome);
  return events;
}

/** Everything stored of a run that has to be the same however often it was cut. */
async function stored(runId: string) {
  const run = await readRun(db, runId);
  const checkpoint = await latestCheckpoint(db, runId);
  return {
    points: run && pointsOf(run.steps).map((point) => ({ ...point, stepMs: 0 })),
    // the figures of a step arrive in any order
    measurements: run?.measurements.toSorted((a, b) =>
      measurementKey(a).localeCompare(measurementKey(b)),
    ),
    grids: run?.grids.map(({ step, png }) => [step, [...new Uint8Array(png)].join()]),
    step: checkpoint?.record.step,
    // bytes of parameters, moments, EMA and all that the file says of them
    checkpoint: checkpoint && (await sha256Hex(checkpoint.record.bytes)),
  };
}

test.each(MODEL_FAMILIES)(
  "what was due at the step of the checkpoint a run goes on from is made up, to the bit (%s)",
  async (family) => {
    const [whole, cut] = [`whole-${family}`, `cut-${family}`];
    await train(family, whole);
    // cut as soon as the checkpoint of step 4 is stored: its samples and figures are not drawn yet
    await train(family, cut, (event) => event.type === "checkpoint" && event.step === DUE);
    const before = await stored(cut);
    expect(before.grids).toEqual([]);
    expect(before.measurements?.filter(({ step }) => step === DUE)).toEqual([]);

    await train(family, cut);
    expect(await stored(cut)).toEqual(await stored(whole));
    expect((await stored(cut)).grids?.map(([step]) => step)).toEqual([4, 6]);
  },
  120_000,
);

test("the families' runs are not the same", async () => {
  const [sit, dit] = await Promise.all([stored("whole-sit"), stored("whole-dit")]);
  expect(dit.points?.[0]?.velocityLoss).not.toBe(sit.points?.[0]?.velocityLoss);
  expect(dit.grids?.[0]).not.toEqual(sit.grids?.[0]);
});
