import { expect, test } from "vitest";
import { pause } from "./pause";

test("a pause lasts its time, and no longer than until it is called off", async () => {
  const startedMs = performance.now();
  await pause(30);
  expect(performance.now() - startedMs).toBeGreaterThan(25);
  const controller = new AbortController();
  const long = pause(60_000, controller.signal);
  controller.abort();
  await long;
  await pause(60_000, controller.signal);
  expect(performance.now() - startedMs).toBeLessThan(30_000);
});
