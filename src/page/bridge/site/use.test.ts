import { expect, test } from "vitest";
import { watchUse } from "./use";

test("a press or a key is use, a moved pointer is none", () => {
  for (const type of ["pointerdown", "keydown"]) {
    const target = new EventTarget();
    const wasUsed = watchUse(target);
    target.dispatchEvent(new Event("pointermove"));
    expect(wasUsed()).toBe(false);
    target.dispatchEvent(new Event(type));
    expect(wasUsed()).toBe(true);
  }
});
