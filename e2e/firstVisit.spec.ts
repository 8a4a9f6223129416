import { expect, test } from "./fixtures";
import { START_MS } from "./studio";

test("a first visit: Train, and curves, samples and measurements appear", async ({ studio }) => {
  await studio.open();
  await expect(studio.page).toHaveTitle(/REPA Studio/);
  expect(await studio.page.evaluate(() => crossOriginIsolated)).toBe(true);

  await studio.button("Train").click();
  await studio.waitForStep(2);
  await expect(studio.curves("Velocity loss by training step").first()).toBeVisible();
  await expect(studio.curves("Alignment loss by training step").first()).toBeVisible();

  await expect(studio.page.getByRole("img", { name: /^Sample 1: / })).toBeVisible({
    timeout: START_MS,
  });
  await expect(studio.curves("CKNNA by layer").first()).toBeVisible({ timeout: START_MS });
  await studio.waitForPhase("Finished");
  await expect(studio.curves("KID by training step").first()).toBeVisible();
  await expect(studio.curves("CKNNA by training step").first()).toBeVisible();

  const run = await studio.newestRun();
  expect(run).toMatchObject({ phase: "finished", step: run.experiment.optimizer.steps });
  expect(run.device?.backend).toBe("webgpu");
  const { points } = await (await studio.db()).log(run.id, 0);
  const steps = points.map((point) => point.step);
  expect(steps).toEqual(Array.from({ length: run.experiment.optimizer.steps }, (_, i) => i + 1));
  expect(points.every(({ velocityLoss }) => Number.isFinite(velocityLoss))).toBe(true);
});
