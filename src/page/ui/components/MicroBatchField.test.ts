import { expect, test } from "vitest";
import { microBatchOptions } from "./MicroBatchField";

const labels = (batchSize: number, current: number | null = null) =>
  microBatchOptions(batchSize, current).map(({ label }) => label);

test("a micro-batch is the whole batch or one of its divisors, with how often it passes", () => {
  expect(labels(12)).toEqual(["Whole batch", "6 × 2", "4 × 3", "3 × 4", "2 × 6", "1 × 12"]);
  expect(labels(1)).toEqual(["Whole batch"]);
  expect(labels(7)).toEqual(["Whole batch", "1 × 7"]);
});

test("one left over from another batch size is listed as it stands", () => {
  expect(labels(8, 3)).toEqual(["Whole batch", "4 × 2", "3 (leaves a rest)", "2 × 4", "1 × 8"]);
  expect(labels(4, 64)).toEqual(["Whole batch", "64 (leaves a rest)", "2 × 2", "1 × 4"]);
  expect(labels(4, 4)).toEqual(["Whole batch", "4 × 1", "2 × 2", "1 × 4"]);
});
