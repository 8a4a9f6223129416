import fc from "fast-check";
import { expect, test } from "vitest";
import { isolationStep } from "./isolation";

test("an isolated page is left alone, whoever isolated it", () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.constantFrom(true, false, null),
      (hasWorkers, reloaded) =>
        isolationStep({ isolated: true, hasWorkers, reloaded }).do === "nothing",
    ),
  );
});

test("a page is reloaded once, and only where that can be remembered", () => {
  const step = (hasWorkers: boolean, reloaded: boolean | null) =>
    isolationStep({ isolated: false, hasWorkers, reloaded });
  expect(step(true, false)).toEqual({ do: "reload" });
  expect(step(true, true)).toEqual({
    do: "goOn",
    why: "the browser did not allow it after a reload",
  });
  expect(step(true, null)).toMatchObject({ do: "goOn" });
  expect(step(false, false)).toMatchObject({ do: "goOn" });
});
