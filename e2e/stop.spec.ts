import { expect, test } from "./fixtures";
import { mainThreadTasks, type ThreadTask } from "./mainThreadTasks";
import { onlyAtEnd, tiny } from "./studio";

/** The budget of a task on the page's thread (pageThread.spec.ts), and how often it is looked at. */
const BUDGET_MS = 50;
const WINDOWS = 3;
/** A step that takes less is not the heavy one this is about. */
const HEAVY_MS = 1000;

test.use({ backend: "webgpu", warm: true });

test("while heavy steps run the page is free, and Stop ends the run after one more at most", async ({
  studio,
  browser,
}, info) => {
  test.setTimeout(480_000);
  await studio.runLink(
    tiny({
      model: { size: "Nano" },
      optimizer: { steps: 1000, batchSize: 16 },
      evaluation: onlyAtEnd(1000),
    }),
  );
  await studio.waitForStep(3, 400_000); // the first ones are traced and recorded
  const worst: ThreadTask[] = [];
  let pressedAt = -1;
  for (let window = 1; window <= WINDOWS; window++) {
    const tasks = await mainThreadTasks(browser, studio.page, async () => {
      await studio.waitForStep((await studio.step()) + 1);
      if (window < WINDOWS) return;
      pressedAt = await studio.step();
      await studio.button("Stop").click();
      await studio.waitForPhase("Stopped");
    });
    worst.push({
      wallMs: Math.max(...tasks.map(({ wallMs }) => wallMs)),
      cpuMs: Math.max(...tasks.map(({ cpuMs }) => cpuMs)),
    });
  }
  const run = await studio.newestRun();
  const { points } = await (await studio.db()).log(run.id, 0);
  const stepMs = Math.min(...points.slice(3).map((point) => point.stepMs));
  const text = `steps of ${stepMs.toFixed(0)} ms; pressed at ${pressedAt}, ended at ${run.step}; longest tasks ${worst.map(({ wallMs, cpuMs }) => `${wallMs.toFixed(0)} (${cpuMs.toFixed(0)})`).join(", ")} ms`;
  info.annotations.push({ type: "stop", description: text });
  console.log(text);
  if (process.env.REPA_GPU !== "1") expect(stepMs).toBeGreaterThan(HEAVY_MS);
  expect(run.step - pressedAt).toBeLessThanOrEqual(1);
  expect(Math.min(...worst.map(({ cpuMs }) => cpuMs))).toBeLessThanOrEqual(BUDGET_MS);
});
