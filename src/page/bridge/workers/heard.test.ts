import { expect, test, vi } from "vitest";
import { heard, tellOrEnd } from "./heard";

const never = new Promise<never>(() => undefined);

test("an answer in time is heard, none in time is not", async () => {
  expect(await heard(Promise.resolve(), 1000)).toBe(true);
  expect(await heard(undefined, 1000)).toBe(true);
  expect(await heard(never, 5)).toBe(false);
});

test("workers that hear it go on, those that do not are ended, those that took their place are not", async () => {
  const end = vi.fn();
  let current: object | undefined = { name: "first" };
  const pool = { current: () => current, end };
  await tellOrEnd(pool, () => Promise.resolve(), 5);
  expect(end).not.toHaveBeenCalled();
  await tellOrEnd(pool, () => never, 5);
  expect(end).toHaveBeenCalledTimes(1);
  const late = tellOrEnd(pool, () => never, 5);
  current = { name: "second" };
  await late;
  current = undefined;
  await tellOrEnd(pool, () => never, 5);
  expect(end).toHaveBeenCalledTimes(1);
});
