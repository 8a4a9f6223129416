import { expect, test } from "vitest";
import { createRunLocks } from "./runLocks";

const soon = () => Promise.resolve();

/** Locks as a browser has them, for one name. */
function oneLock(): LockManager {
  let isHeld = false;
  const request = async (
    _name: string,
    _options: unknown,
    hold: (lock: Lock | null) => Promise<unknown>,
  ) => {
    if (isHeld) return hold(null);
    isHeld = true;
    try {
      return await hold({ name: "", mode: "exclusive" });
    } finally {
      isHeld = false;
    }
  };
  return { request, query: () => Promise.resolve({}) } as unknown as LockManager;
}

test("a run is one tab's at a time, and another's once it was given back", async () => {
  const locks = createRunLocks(oneLock(), soon);
  const giveBack = await locks.take("a");
  expect(giveBack).toBeDefined();
  expect(await locks.take("a")).toBeUndefined();
  giveBack?.();
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(await locks.take("a")).toBeDefined();
});

test("where site data is blocked a run is nobody else's: storage says why it cannot run", async () => {
  const refused = { request: () => Promise.reject(new DOMException("no", "SecurityError")) };
  const locks = createRunLocks(refused as unknown as LockManager, soon);
  expect(await locks.take("a")).toBeDefined();
});
