import { expect, test } from "vitest";
import type { TimelineEntry } from "../../common/config/experiment";
import { presetById } from "../../common/config/presets";
import { StudioError } from "../../common/errors/studioError";
import { batchImages } from "../../engine/training/batch";
import { BLOCK_IMAGES, blockRanges } from "../caches/fillingBlocks";
import { within } from "../caches/imageRanges";
import { createImageArrivals, createImageParts, hasAllImages } from "./imageArrivals";

const { experiment } = presetById("first-minute");
const SIZE = 10 * BLOCK_IMAGES;
const trainIndices = Uint32Array.from({ length: SIZE }, (_, i) => i).filter((i) => i % 10 > 0);
const dataset = { size: SIZE, trainIndices };

/** A run beside caches that grow by `grow` blocks each time they are looked at. */
function beside(start: number, grow: number, timeline: TimelineEntry[] = []) {
  const log: string[] = [];
  let blocks = start;
  let now = 0;
  let stop = false;
  const arrivals = createImageArrivals({
    ...{ experiment, dataset, timeline },
    blocksNow: () => {
      const here = blocks;
      blocks = Math.min(10, blocks + grow);
      return Promise.resolve(here);
    },
    storeTimeline: (next) => {
      log.push(`stored ${next.length}`);
      return Promise.resolve();
    },
    onEntry: ({ step, images = 0 }) => log.push(`${images} blocks at ${step}`),
    onWait: (detail) => log.push(detail),
    clockMs: () => now,
    wait: (ms) => {
      now += ms;
      return Promise.resolve();
    },
    between: () =>
      stop ? Promise.reject(new StudioError("CANCELLED", "stopped", "")) : Promise.resolve(),
  });
  return { arrivals, timeline, log, pass: (ms: number) => (now += ms), stop: () => (stop = true) };
}

test("a run waits for a batch's worth of images, and records them before it takes them", async () => {
  const { arrivals, timeline, log } = beside(0, 1);
  await arrivals.first();
  expect(log).toEqual([`Waiting for images: 0 of ${SIZE}`, "stored 1", "1 blocks at 1"]);
  expect(timeline).toEqual([{ step: 1, change: {}, images: 1 }]);
});

test("more come in at a step's boundary, at most once a second, by a quarter at least", async () => {
  const { arrivals, timeline, pass } = beside(1, 1, [{ step: 1, change: {}, images: 1 }]);
  for (let step = 2; step < 40; step++) {
    pass(300);
    await arrivals.look(step);
  }
  const parts = timeline.map(({ step, images }) => [step, images]);
  expect(parts.map(([, images]) => images)).toEqual([1, 2, 3, 4, 5, 7, 9, 10]);
  const steps = parts.map(([step]) => step ?? 0);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(Math.min(...steps.slice(2).map((step, i) => step - (steps[i + 1] ?? 0)))).toBeGreaterThan(
    2,
  );
});

test("entries that are still to be replayed come before new ones", async () => {
  const recorded = [1, 30].map((step, i) => ({ step, change: {}, images: i + 1 }));
  const { arrivals, timeline, pass } = beside(10, 0, [...recorded]);
  for (const step of [12, 20, 30]) {
    pass(5000);
    await arrivals.look(step);
  }
  expect(timeline).toEqual(recorded);
  pass(5000);
  await arrivals.look(31);
  expect(timeline.at(-1)).toEqual({ step: 31, change: {}, images: 10 });
});

test("figures wait for all images, which then hold from the next step; a stop ends the wait", async () => {
  const { arrivals, timeline } = beside(7, 1, [{ step: 1, change: {}, images: 1 }]);
  await arrivals.all(251);
  expect(timeline.at(-1)).toEqual({ step: 251, change: {}, images: 10 });
  const waiting = beside(7, 0, [{ step: 1, change: {}, images: 1 }]);
  waiting.stop();
  await expect(waiting.arrivals.all(251)).rejects.toMatchObject({ code: "CANCELLED" });
  // behind the last step nothing is drawn any more
  const last = beside(10, 0, [{ step: 1, change: {}, images: 1 }]);
  await last.arrivals.all(experiment.optimizer.steps + 1);
  expect(last.timeline).toHaveLength(1);
});

test("a step has all images once the last block has come in, and always where none is named", () => {
  const timeline = [
    { step: 1, change: {}, images: 3 },
    { step: 9, change: {}, images: 10 },
  ];
  expect([8, 9, 50].map((step) => hasAllImages(timeline, step, SIZE))).toEqual([false, true, true]);
  expect(hasAllImages([], 1, SIZE)).toBe(true);
});

test("a batch is a function of seed, step and record: each part begins a pass over its images", () => {
  const timeline: TimelineEntry[] = [
    { step: 1, change: {}, images: 1 },
    { step: 4, change: {}, images: 3 },
  ];
  const settings = { seed: 5, batchSize: 8 };
  const batches = (partAt: ReturnType<typeof createImageParts>) =>
    Array.from({ length: 30 }, (_, i) =>
      batchImages({ trainImages: trainIndices, partAt }, settings, i + 1),
    );
  const drawn = batches(createImageParts(dataset, timeline, trainIndices));
  expect(batches(createImageParts(dataset, [...timeline], trainIndices))).toEqual(drawn);
  const [one, three] = [1, 3].map((count) => within(trainIndices, blockRanges(SIZE, count)));
  for (const image of drawn.slice(0, 3).flatMap((batch) => [...batch])) {
    expect(one).toContain(image);
  }
  // from step 4 on the pass over three blocks: no image twice before each came once
  const pass = drawn
    .slice(3)
    .flatMap((batch) => [...batch])
    .slice(0, three?.length);
  expect(new Set(pass)).toEqual(new Set(three));
  // without entries the batches are those of earlier versions
  expect(batches(createImageParts(dataset, [], trainIndices))).toEqual(
    Array.from({ length: 30 }, (_, i) =>
      batchImages({ trainImages: trainIndices }, settings, i + 1),
    ),
  );
});
