import { expect, test } from "vitest";
import { alignmentAt, TimelineEntry } from "./experiment";
import {
  imagePartAt,
  lastImagePart,
  liveChanges,
  startsEarly,
  withAllImages,
} from "./imageEntries";
import { presetById } from "./presets";
import { decodeRunFile, encodeRunFile } from "./runFile";
import { decodeLink, encodeLink } from "./urlCodec";
import { validateExperiment } from "./validate";

const { experiment } = presetById("first-minute");
const TIMELINE: readonly TimelineEntry[] = [
  { step: 1, change: {}, images: 1 },
  { step: 5, change: { projCoeff: 0.9 } },
  { step: 8, change: {}, images: 4 },
];

test("the images of a step are those of the newest entry before it", () => {
  expect([1, 7, 8, 900].map((step) => imagePartAt(TIMELINE, step))).toEqual([
    { blocks: 1, since: 1 },
    { blocks: 1, since: 1 },
    { blocks: 4, since: 8 },
    { blocks: 4, since: 8 },
  ]);
  expect(lastImagePart(TIMELINE)).toEqual({ blocks: 4, since: 8 });
  // a run of an earlier version: everything from its first step
  expect(imagePartAt([{ step: 5, change: { projCoeff: 0.9 } }], 9)).toBeUndefined();
});

test("a run starts early where it is asked to, unless it repeats another", () => {
  expect(startsEarly(experiment, [])).toBe(true);
  expect(startsEarly(experiment, [{ step: 5, change: { projCoeff: 0.9 } }])).toBe(true);
  expect(startsEarly(experiment, TIMELINE)).toBe(false);
  expect(startsEarly(withAllImages(experiment), [])).toBe(false);
});

test("images that come in are no live change and leave the alignment as it is", () => {
  expect(liveChanges(TIMELINE)).toEqual([TIMELINE[1]]);
  expect(alignmentAt(experiment, TIMELINE, 9)).toEqual({
    ...experiment.alignment,
    projCoeff: 0.9,
  });
  expect(validateExperiment(experiment, TIMELINE)).toEqual([]);
});

test("a link and a file carry them", () => {
  const shared = { experiment, timeline: TIMELINE, card: {} };
  expect(decodeLink(encodeLink(shared))).toMatchObject({ timeline: TIMELINE, issues: [] });
  expect(decodeRunFile(encodeRunFile(shared))).toMatchObject({ timeline: TIMELINE, issues: [] });
});
