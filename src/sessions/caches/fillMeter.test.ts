import { expect, test } from "vitest";
import { presetById } from "../../common/config/presets";
import { enoughImages, leastImages } from "../../common/config/leastImages";
import type { CacheEvent, ImageCounts } from "../../common/protocol/features";
import { createFillMeter } from "./fillMeter";

const SIZE = 640;
const HELD_OUT = Uint32Array.from({ length: 64 }, (_, i) => 10 * i); // every tenth image
const images = {
  size: SIZE,
  heldOutIndices: HELD_OUT,
  trainIndices: Uint32Array.from({ length: SIZE }, (_, i) => i).filter((i) => i % 10 !== 0),
};
const job = (cache: number, first: number, last: number) => ({ cache, shard: 0, first, last });
const jobs = [{ spec: { label: "Latents" } }, { spec: { label: "Features" } }];
/** Latents in shards of 512 images, features in shards of 256. */
const absent = [
  ...[job(0, 512, 640), job(1, 0, 256), job(1, 256, 512), job(0, 0, 512), job(1, 512, 640)],
];

test("an image is ready when it is in every cache, not when each cache has as many rows", () => {
  const reports: CacheEvent[] = [];
  const meter = createFillMeter(
    { jobs, absent },
    images,
    () => 0,
    (event) => reports.push(event),
  );
  const readyAfter = absent.map((shard) => {
    meter.store(shard);
    meter.report();
    const event = reports.at(-1);
    return event?.type === "progress" ? event.ready : null;
  });
  expect(readyAfter).toEqual([
    { train: 0, heldOut: 0 },
    { train: 0, heldOut: 0 }, // 128 rows and 256 rows: none in common
    { train: 0, heldOut: 0 },
    { train: 460, heldOut: 52 },
    { train: 576, heldOut: 64 },
  ]);
});

test("what is stored already counts, and a part that is filled offers nothing", () => {
  const readyOf = (ranges?: [number, number][]) => {
    const ready: ImageCounts[] = [];
    const onEvent = (event: CacheEvent) => event.type === "progress" && ready.push(event.ready);
    createFillMeter({ jobs, absent: absent.slice(4), ranges }, images, () => 0, onEvent).report();
    return ready[0];
  };
  expect(readyOf()).toEqual({ train: 460, heldOut: 52 });
  expect(readyOf([[0, 100]])).toEqual({ train: 0, heldOut: 0 });
});

test("enough is a batch and the neighbours of a held-out image, or all there is", () => {
  const { experiment } = presetById("tiny");
  const least = leastImages(experiment);
  expect(least.heldOut).toBe(experiment.evaluation.cknnaK + 2);
  expect(enoughImages(least, least)).toBe(true);
  expect(enoughImages({ ...least, train: least.train - 1 }, least)).toBe(false);
  expect(enoughImages({ ...least, heldOut: least.heldOut - 1 }, least)).toBe(false);
  const few = { train: 2, heldOut: 1 };
  expect(enoughImages(few, leastImages(experiment, few))).toBe(true);
});
