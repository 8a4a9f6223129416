import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** A process of its own: the backend of this one may be in use by other tests. */
const steps = (threads: number) =>
  promisify(execFile)(process.execPath, [
    "scripts/run.mjs",
    "scripts/node/threadedSteps.ts",
    `${threads}`,
  ]);

test("training steps have the same bits with one thread and with three, and the process ends", async () => {
  const { stdout } = await steps(3);
  const { threads, one, more, leftGlobal } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as {
    threads: number;
    one: string;
    more: string;
    leftGlobal: boolean;
  };
  expect(threads).toBe(3);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(more).toBe(one);
  expect(leftGlobal, "a global Worker is what other libraries know a browser by").toBe(false);
});
