import { expect, test } from "./fixtures";
import { onlyAtEnd, START_MS, tiny, type Studio } from "./studio";

/** What the status line says from now on, noted by the page itself: between two looks from outside it may change. */
const statusTexts = ({ status }: Studio) =>
  status.evaluateHandle((region) => {
    const texts: string[] = [];
    new MutationObserver(() => texts.push((region as HTMLElement).innerText)).observe(region, {
      subtree: true,
      childList: true,
      characterData: true,
    });
    return texts;
  });

async function takeTour(studio: Studio): Promise<void> {
  await studio.button("A tour in five stops").click();
  const card = studio.page.getByRole("dialog", { name: /^Tour, stop/ });
  for (const stop of ["Train", "Alignment", "Curves", "One scrubber", "Runs"]) {
    await expect(card).toContainText(stop);
    if (stop !== "Runs") await card.getByRole("button", { name: "Next" }).click();
  }
  await card.getByRole("button", { name: "Close" }).click();
  await expect(card).toHaveCount(0);
}

test.describe("on whatever the machine is best at", () => {
  test.use({ backend: "auto" });

  test("a first visit: Train, and curves, samples and measurements appear", async ({ studio }) => {
    await studio.open();
    await expect(studio.page).toHaveTitle(/REPA Studio/);
    expect(await studio.page.evaluate(() => crossOriginIsolated)).toBe(true);

    await takeTour(studio);
    await studio.open(); // it is not offered twice
    await expect(studio.button("A tour in five stops")).toHaveCount(0);

    const drawing = studio.figure("The method");
    await drawing.getByRole("slider", { name: "Aligned block in the drawing" }).press("End");
    await expect(studio.setting("Alignment depth")).toHaveValue("2");
    await drawing.locator("[data-block='1']").click();
    await expect(studio.setting("Alignment depth")).toHaveValue("1");
    await drawing.getByLabel("Encoder in the drawing").selectOption("patch-histogram");
    await expect(studio.setting("Patch histograms (hand-made control)")).toBeChecked();
    await drawing.getByRole("slider", { name: "λ in the drawing" }).press("Home");
    await expect(studio.setting("Alignment weight λ")).toHaveValue("0");
    await studio.open();

    await studio
      .figure("Denoising loss")
      .getByRole("button", { name: /^About/ })
      .hover();
    await expect(studio.page.getByRole("tooltip")).toContainText("In the paper: Section 2");

    await studio.button("Train").click();
    await studio.waitForStep(2);
    await expect(studio.curves("Denoising loss by training step").last()).toBeVisible();
    await expect(studio.curves("Alignment loss by training step").last()).toBeVisible();
    await expect(studio.page.getByRole("img", { name: /^Sample 1: / })).toBeVisible();
    await expect(studio.curves("CKNNA by layer").last()).toBeVisible();
    await studio.waitForPhase("Finished");
    await expect(studio.curves("KID by training step").last()).toBeVisible();
    await expect(studio.curves("CKNNA by training step").last()).toBeVisible();

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

  test("it counts the GPU programs it compiles, then trains, samples and measures", async ({
    studio,
  }) => {
    test.setTimeout(420_000); // decoding images is what a software adapter is slowest at
    await studio.openLink(
      tiny({
        optimizer: { steps: 6 },
        sampling: { gridSize: 1, steps: 1 },
        evaluation: { ...onlyAtEnd(6), sampleCount: 8, heldOutCount: 12 },
      }),
    );
    const shown = await statusTexts(studio);
    await studio.linkDialog.getByRole("button", { name: "Run it" }).click();
    await studio.waitForStep(2);
    const texts = await shown.jsonValue();
    const counts = texts.flatMap((text) => {
      const found = /GPU programs: (\d+) of (\d+) compiled/.exec(text);
      return found ? [[Number(found[1]), Number(found[2])] as const] : [];
    });
    expect(counts.length).toBeGreaterThan(1);
    for (const [done, all] of counts) expect(done).toBeLessThanOrEqual(all);
    expect(texts.find((text) => text.includes("GPU programs"))).toContain("First step");

    await expect(studio.curves("Denoising loss by training step").last()).toBeVisible();
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
