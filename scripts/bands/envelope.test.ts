import { expect, test } from "vitest";
import { envelope } from "./envelope";

test("a window holds the lowest and highest value of all curves, named by its middle", () => {
  const curves = [
    { steps: [1, 2, 3, 4], values: [5, 4, 3, 2] },
    { steps: [1, 2, 3, 4], values: [6, 1, 3, 2.5] },
  ];
  expect(envelope(curves, 2)).toEqual([
    [1, 1, 6],
    [3, 2, 3],
  ]);
});

test("a window that a curve does not reach is left out", () => {
  const curves = [
    { steps: [250, 500], values: [1, 2] },
    { steps: [250], values: [3] },
  ];
  expect(envelope(curves, 1)).toEqual([[250, 1, 3]]);
});

test("values that are not numbers do not count", () => {
  expect(envelope([{ steps: [1, 2], values: [NaN, 2] }], 1)).toEqual([[2, 2, 2]]);
});
