import { expect, test } from "vitest";
import { matchTable, sharedTokens, type ViewWindow } from "./sharedTokens";

const WHOLE: ViewWindow = { width: 1, height: 1, centerX: 0.5, centerY: 0.5, angle: 0 };

test("a view shares every token with itself, turned or not", () => {
  const itself = Array.from({ length: 16 }, (_, token) => token);
  expect(sharedTokens(WHOLE, WHOLE, 4)).toEqual(itself);
  const turned = { ...WHOLE, angle: 0.3, width: 0.7, centerX: 0.6 };
  expect(sharedTokens(turned, turned, 4)).toEqual(itself);
});

test("a view one token to the right shows each place one column further left, and not the first column", () => {
  const right = { ...WHOLE, centerX: 0.5 + 1 / 3 };
  expect(sharedTokens(WHOLE, right, 3)).toEqual([-1, 0, 1, -1, 3, 4, -1, 6, 7]);
});

test("a quarter turn moves rows to columns", () => {
  const turned = { ...WHOLE, angle: Math.PI / 2 };
  // the view's right is the picture's down: the picture's first row is the view's first column, from below
  expect(sharedTokens(WHOLE, turned, 2)).toEqual([2, 0, 3, 1]);
});

test("the table holds only matches whose two tokens are kept", () => {
  const table = matchTable(
    [
      [0, 1, 2, 3],
      [-1, 0, -1, 2],
    ],
    [1, 3],
    [0, 2, 3],
  );
  expect([...table]).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0]);
});
