import { expect, test } from "./fixtures";
import { longTasksSince, pageClockMs, recordLongTasks } from "./longTasks";
import { tiny } from "./studio";

const RUNS = [
  { backend: "wasm", steps: 200, every: 40 },
  { backend: "webgpu", steps: 10, every: 1000 },
] as const;

// On a software adapter the GPU process takes every core, and the page's thread waits for one: the numbers
// are recorded there, and held to the budget where the machine has cores to spare.
for (const { backend, steps, every } of RUNS) {
  test.describe(backend, () => {
    test.use({ backend, warm: true });
    test("training puts no task over 50 ms on the page's thread", async ({ studio }, info) => {
      await recordLongTasks(studio.page);
      await studio.runLink(
        tiny({
          optimizer: { steps: 1000 },
          evaluation: { gridEvery: every, metricsEvery: every, checkpointEvery: every },
        }),
      );
      await studio.waitForStep(1);
      const fromMs = await pageClockMs(studio.page);
      await studio.waitForStep(steps);
      const tasks = await longTasksSince(studio.page, fromMs);
      const seconds = ((await pageClockMs(studio.page)) - fromMs) / 1000;
      const listed = tasks.map(({ ms }) => Math.round(ms)).join(", ") || "none";
      const text = `${backend}: tasks over 50 ms in ${seconds.toFixed(1)} s of training: ${listed} ms`;
      info.annotations.push({ type: "long tasks", description: text });
      console.log(text);
      if (backend === "wasm" || process.env.REPA_GPU === "1") expect(tasks).toEqual([]);
    });
  });
}
