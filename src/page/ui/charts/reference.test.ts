import { expect, test } from "vitest";
import type { BandRange } from "../../../common/config/referenceBand";
import { upTo } from "./reference";

const RANGES: readonly BandRange[] = [
  [20, 1, 2],
  [40, 1, 2],
  [60, 1, 2],
];

test("a band ends with the first range that reaches the axis' end", () => {
  expect(upTo(RANGES, 30)).toEqual(RANGES.slice(0, 2));
  expect(upTo(RANGES, 40)).toEqual(RANGES.slice(0, 2));
  expect(upTo(RANGES, 1)).toEqual(RANGES.slice(0, 1));
});

test("a run longer than the reference runs keeps the whole band", () => {
  expect(upTo(RANGES, 1000)).toEqual(RANGES);
});
