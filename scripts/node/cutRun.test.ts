import { beforeAll, expect, test } from "vitest";
import { Experiment } from "../../src/common/config/experiment";
import { MODEL_FAMILIES, type ModelFamily } from "../../src/common/config/modelFamily";
import { presetById } from "../../src/common/config/presets";
import { sha256Hex } from "../../src/common/formats/sha256";
import { measurementKey } from "../../src/common/protocol/measurementSeries";
import type { RunEvent } from "../../src/common/protocol/trainer";
import { latestCheckpoint } from "../../src/common/storage/checkpoints";
import { readRun } from "../../src/common/storage/runs";
import { pointsOf } from "../../src/common/storage/stepRows";
import { useStoredStudio } from "./storedStudio";
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

const studio = useStoredStudio();
beforeAll(() => studio.fill(experimentOf("sit"), "wasm"), 120_000);

/** Trains a run to its end, or until `endAt` says so: the tab is then gone, and nothing more is stored. */
async function train(
  family: ModelFamily,
  runId: string,
  endAt: (event: RunEvent) => boolean = () => false,
) {
  const request = {
    runId,
    experiment: experimentOf(family),
    timeline: [],
    backend: "wasm",
  } as const;
  const events: RunEvent[] = [];
  const outcome = await studio.train(request, (event, trainer) => {
    events.push(event);
    if (endAt(event)) void trainer.stop();
  });
  valueOf(outcome);
  return events;
}

/** Everything stored of a run that has to be the same however often it was cut. */
async function stored(runId: string) {
  const db = studio.db();
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
