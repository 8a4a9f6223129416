import { expect, test } from "./fixtures";
import { mainThreadTasks, type ThreadTask } from "./mainThreadTasks";
import { tiny } from "./studio";

/** The budget of a task on the page's thread while it trains. */
const BUDGET_MS = 50;
/**
 * What is asserted of processor time where the GPU is a software one: such machines are shared, and the same page was
 * seen to take 34 ms on one hour and 52 to 71 on another that was slower at everything else too.
 */
const SHARED_BUDGET_MS = 100;

/**
 * A virtual machine counts time that others took from it as the thread's own. Such noise only ever adds, so
 * the quietest of some windows, each with its samples and figures, tells what the page itself computes.
 */
const WINDOWS = 3;

const RUNS = [
  { backend: "wasm", steps: 80, every: 40 },
  { backend: "webgpu", steps: 4, every: 1000 },
] as const;

const listed = (tasks: readonly ThreadTask[]) =>
  tasks.map(({ wallMs, cpuMs }) => `${wallMs.toFixed(0)} (${cpuMs.toFixed(0)})`).join(", ") ||
  "none";

for (const { backend, steps, every } of RUNS) {
  test.describe(backend, () => {
    test.use({ backend, warm: true });

    // Without a GPU, training takes every core and the page's thread waits for one. What counts is what the
    // page computes; with a GPU there is nothing to wait for, and the wall clock counts too.
    test("training puts no task over 50 ms on the page's thread", async ({
      studio,
      browser,
    }, info) => {
      await studio.runLink(
        tiny({
          optimizer: { steps: 1000 },
          evaluation: { gridEvery: every, metricsEvery: every, checkpointEvery: every },
        }),
      );
      await studio.waitForStep(1);
      const worst: ThreadTask[] = [];
      for (let window = 1; window <= WINDOWS; window++) {
        const until = (await studio.step()) + steps;
        const tasks = await mainThreadTasks(browser, studio.page, () => studio.waitForStep(until));
        const long = tasks.filter(({ wallMs }) => wallMs > BUDGET_MS);
        const text = `${backend}, window ${window}: ${tasks.length} tasks; over ${BUDGET_MS} ms by the clock, computing time in brackets: ${listed(long)} ms`;
        info.annotations.push({ type: "page thread", description: text });
        console.log(text);
        worst.push({
          wallMs: Math.max(...tasks.map(({ wallMs }) => wallMs)),
          cpuMs: Math.max(...tasks.map(({ cpuMs }) => cpuMs)),
        });
      }
      const ownGpu = process.env.REPA_GPU === "1";
      expect(Math.min(...worst.map(({ cpuMs }) => cpuMs))).toBeLessThanOrEqual(
        ownGpu ? BUDGET_MS : SHARED_BUDGET_MS,
      );
      if (ownGpu) {
        expect(Math.min(...worst.map(({ wallMs }) => wallMs))).toBeLessThanOrEqual(BUDGET_MS);
      }
    });
  });
}

test("a task that does block the page is seen", async ({ studio, browser }) => {
  await studio.open();
  const tasks = await mainThreadTasks(browser, studio.page, async () => {
    await studio.page.waitForTimeout(1000);
    await studio.page.evaluate(() => {
      const endMs = performance.now() + 500; // of which a busy machine may give it a fifth
      while (performance.now() < endMs);
    });
  });
  expect(Math.max(...tasks.map(({ cpuMs }) => cpuMs))).toBeGreaterThan(BUDGET_MS);
});
