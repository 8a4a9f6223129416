import { expect, test } from "./fixtures";
import { onlyAtEnd, START_MS, tiny } from "./studio";

test.describe("on whatever the machine is best at", () => {
  test.use({ backend: "auto" });

  test("a first visit: Train, and curves, samples and measurements appear", async ({ studio }) => {
    await studio.open();
    await expect(studio.page).toHaveTitle(/REPA Studio/);
    expect(await studio.page.evaluate(() => crossOriginIsolated)).toBe(true);

    await studio.button("Train").click();
    await studio.waitForStep(2);
    await expect(studio.curves("Velocity loss by training step").first()).toBeVisible();
    await expect(studio.curves("Alignment loss by training step").first()).toBeVisible();
    await expect(studio.page.getByRole("img", { name: /^Sample 1: / })).toBeVisible();
    await expect(studio.curves("CKNNA by layer").first()).toBeVisible();
    await studio.waitForPhase("Finished");
    await expect(studio.curves("KID by training step").first()).toBeVisible();
    await expect(studio.curves("CKNNA by training step").first()).toBeVisible();

    const run = await studio.newestRun();
    const { steps } = run.experiment.optimizer;
    expect(run).toMatchObject({ phase: "finished", step: steps });
    const { points } = await (await studio.db()).log(run.id, 0);
    expect(points.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
    expect(points.every(({ velocityLoss }) => Number.isFinite(velocityLoss))).toBe(true);
  });
});

test.describe("on WebGPU", () => {
  test.use({ backend: "webgpu", warm: true });

  test("it trains, samples and measures on WebGPU", async ({ studio }) => {
    test.setTimeout(420_000); // decoding images is what a software adapter is slowest at
    await studio.runLink(
      tiny({
        optimizer: { steps: 6 },
        sampling: { gridSize: 1, steps: 1 },
        evaluation: { ...onlyAtEnd(6), sampleCount: 8, heldOutCount: 12 },
      }),
    );
    await studio.waitForStep(2);
    await expect(studio.curves("Velocity loss by training step").first()).toBeVisible();
    await studio.waitForPhase("Finished", 300_000);
    await expect(studio.page.getByRole("img", { name: /^Sample 1: / })).toBeVisible();
    const run = await studio.newestRun();
    expect(run.device?.backend).toBe("webgpu");
    const { points, measurements } = await (await studio.db()).log(run.id, 0);
    expect(points.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(measurements.map(({ kind }) => kind))).toEqual(
      new Set(["sampleQuality", "layerAlignment"]),
    );
    await expect(studio.alert(/./), "no warning, no failure").toHaveCount(0, { timeout: START_MS });
  });
});
