import { expect, test } from "./fixtures";
import { digest, storedParameters } from "./parameters";
import { tiny } from "./studio";

const STEPS = 40;
const EXPERIMENT = tiny({
  optimizer: { steps: STEPS, seed: 11 },
  evaluation: { gridEvery: STEPS, metricsEvery: STEPS, checkpointEvery: 10 },
});

test("a run cut by a reload and continued equals one that was not, bit by bit", async ({
  studio,
}) => {
  await studio.runLink(EXPERIMENT);
  await studio.waitForStep(13);
  await studio.page.goto("about:blank"); // the tab is gone in the middle of a step
  await studio.open("preset=tiny");
  const cut = await studio.newestRun();
  const saved = await (await studio.db()).checkpointSteps(cut.id);
  expect(saved.at(-1)).toBeGreaterThanOrEqual(10);
  expect(saved.at(-1)).toBeLessThan(STEPS);

  await studio.continueRun();
  await studio.waitForPhase("Finished");
  const resumed = await studio.newestRun();
  expect(resumed).toMatchObject({ id: cut.id, phase: "finished", step: STEPS });
  const { points } = await (await studio.db()).log(cut.id, 0);
  const logged = new Set(points.map(({ step }) => step));
  expect(logged.size, "nothing logged is lost").toBe(STEPS);

  await studio.runLink(EXPERIMENT);
  await expect.poll(async () => (await studio.newestRun()).id).not.toBe(cut.id);
  await studio.waitForPhase("Finished");
  const whole = await studio.newestRun();
  const digests = await Promise.all(
    [resumed, whole].map(async ({ id }) => digest(await storedParameters(studio, id, STEPS))),
  );
  expect(digests[0]).toBe(digests[1]);
});
