import { expect, test } from "vitest";
import { summarize } from "./statistics";

test("median and quartiles are interpolated between the sorted values", () => {
  expect(summarize([40, 10, 30, 20])).toEqual({
    median: 25,
    low: 17.5,
    high: 32.5,
    min: 10,
    max: 40,
  });
  expect(summarize([7])).toEqual({ median: 7, low: 7, high: 7, min: 7, max: 7 });
  expect(summarize([]).median).toBeNaN();
});
