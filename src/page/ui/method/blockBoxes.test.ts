import { expect, test } from "vitest";
import { blockBoxes, depthAfterKey } from "./blockBoxes";

test("blocks of any depth fill the stack without touching", () => {
  for (const count of [1, 2, 6, 12, 28]) {
    const boxes = blockBoxes(count);
    expect(boxes).toHaveLength(count);
    boxes.forEach(({ y, height }, i) => {
      const next = boxes[i + 1]?.y ?? 163.1;
      expect(y + height).toBeLessThan(next);
      expect(height).toBeGreaterThan(2);
    });
  }
});

test("keys move the aligned block by one and to the ends, and never beyond them", () => {
  expect(depthAfterKey("ArrowDown", 3, 6)).toBe(4);
  expect(depthAfterKey("ArrowDown", 6, 6)).toBe(6);
  expect(depthAfterKey("ArrowUp", 1, 6)).toBe(1);
  expect(depthAfterKey("End", 1, 6)).toBe(6);
  expect(depthAfterKey("Home", 6, 6)).toBe(1);
  expect(depthAfterKey("x", 6, 6)).toBeNull();
});
