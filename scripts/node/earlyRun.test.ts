import { expect, test } from "vitest";
import { Experiment, type TimelineEntry } from "../../src/common/config/experiment";
import { presetById } from "../../src/common/config/presets";
import { measurementKey } from "../../src/common/protocol/measurementSeries";
import type { RunEvent } from "../../src/common/protocol/trainer";
import { latestCheckpoint } from "../../src/common/storage/checkpoints";
import { readGrids, readRun } from "../../src/common/storage/runs";
import { pointsOf } from "../../src/common/storage/stepRows";
import { blockCount, blockRanges } from "../../src/sessions/caches/fillingBlocks";
import { createFeaturesSession } from "../../src/sessions/features/featuresSession";
import { cacheRequest } from "./cachesFirst";
import { useStoredStudio } from "./storedStudio";
import { valueOf } from "../../test/valueOf";

/** Five blocks of images, encoded quickly; figures are due at steps 8 and 10. */
const TINY = presetById("tiny").experiment;
const EXPERIMENT = Experiment.parse({
  ...TINY,
  data: { startEarly: true, imageLimit: 300, holdOutFraction: 0.0045 },
  alignment: { ...TINY.alignment, encoders: ["patch-histogram"] },
  optimizer: { ...TINY.optimizer, steps: 10 },
  sampling: { ...TINY.sampling, gridSize: 4, steps: 2 },
  evaluation: {
    ...TINY.evaluation,
    space: "patch-histogram",
    ...{ firstGrid: 2, gridEvery: 10, metricsEvery: 8, checkpointEvery: 4, sampleCount: 8 },
  },
});
const BACKEND = "wasm";
const FIRST_STEP_AFTER_FILLING = 5;

let images: number;
// a clock of its own: two looks for images are a second apart, and steps take less
let now = 0;
const studio = useStoredStudio({ clockMs: () => (now += 400) });

/** Fills caches, of the first blocks of the order alone or whole. */
const fill = (blocks?: number): Promise<void> =>
  studio.fill(EXPERIMENT, BACKEND, blocks === undefined ? undefined : blockRanges(images, blocks));

async function train(
  runId: string,
  timeline: readonly TimelineEntry[],
  onEvent: (event: RunEvent, stop: () => void) => void = () => undefined,
) {
  const request = { runId, experiment: EXPERIMENT, timeline, backend: BACKEND } as const;
  const outcome = await studio.train(request, (event, trainer) =>
    onEvent(event, () => void trainer.stop()),
  );
  valueOf(outcome);
}

/** Everything stored of a run that has to be the same whenever and however often it is run. */
async function stored(runId: string) {
  const run = await readRun(studio.db(), runId);
  const checkpoint = await latestCheckpoint(studio.db(), runId);
  return {
    timeline: run?.record.timeline,
    points: run && pointsOf(run.steps).map((point) => ({ ...point, stepMs: 0 })),
    measurements: run?.measurements.toSorted((a, b) =>
      measurementKey(a).localeCompare(measurementKey(b)),
    ),
    grids: run?.grids.map(({ step, png }) => [step, [...new Uint8Array(png)].join()]),
    step: checkpoint?.record.step,
  };
}

test("a run beside its caches records which images came in when; its record gives the same bits, also interrupted", async () => {
  const request = cacheRequest(EXPERIMENT, [], BACKEND);
  images = valueOf(await createFeaturesSession(studio.environment).costEstimate(request)).images;
  expect(blockCount(images)).toBe(5);
  await fill(1);
  let filling: Promise<void> | undefined;
  await train("early", [], (event) => {
    const step = event.type === "steps" ? (event.points.at(-1)?.step ?? 0) : 0;
    if (step >= FIRST_STEP_AFTER_FILLING) filling ??= fill();
  });
  await filling;
  const early = await stored("early");
  const parts = early.timeline?.map(({ step, images: blocks }) => ({ step, blocks }));
  expect(parts?.[0]).toEqual({ step: 1, blocks: 1 });
  expect(parts?.at(-1)?.blocks).toBe(5);
  expect(parts?.at(-1)?.step).toBeGreaterThan(FIRST_STEP_AFTER_FILLING);
  expect(early.grids?.map(([step]) => step)).toEqual([2, 10]);
  expect(early.measurements?.length).toBe(4);
  // the strip shows a held-out image, which may be in any block: there is none before all are in
  const strips = (await readGrids(studio.db(), "early")).map(({ step, denoised }) => [
    step,
    !!denoised,
  ]);
  expect(strips).toEqual([
    [2, false],
    [10, true],
  ]);

  // the caches are full now: what decides the batches is the record
  await train("repeated", early.timeline ?? [], (event, stop) => {
    if (event.type === "checkpoint" && event.step === 4) stop();
  });
  expect((await stored("repeated")).step).toBe(4);
  await train("repeated", early.timeline ?? []);
  expect(await stored("repeated")).toEqual(early);

  // and without the record it is another run
  await train("whole", [], (event, stop) => {
    if (event.type === "steps") stop();
  });
  const whole = await stored("whole");
  expect(whole.timeline).toEqual([{ step: 1, change: {}, images: 5 }]);
  expect(whole.points?.[0]).not.toEqual(early.points?.[0]);
}, 240_000);
