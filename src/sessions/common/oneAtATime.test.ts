import { expect, test } from "vitest";
import { oneAtATime } from "./oneAtATime";

test("work waits for the work before it, also for work that failed", async () => {
  const inTurn = oneAtATime();
  const order: string[] = [];
  const step = (name: string, fails = false) =>
    inTurn(async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      order.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([step("a"), step("b", true), step("c")]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(order).toEqual(["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]));
});
