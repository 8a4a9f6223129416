import { expect, test } from "./fixtures";
import { storedParameters } from "./parameters";
import { onlyAtEnd, tiny } from "./studio";

test.use({ warm: true });

test("λ, depth and encoder move while it trains: marks, timeline, a new projector", async ({
  studio,
}) => {
  test.setTimeout(300_000);
  // far more steps than the test waits for: it is stopped by hand
  await studio.runLink(tiny({ optimizer: { steps: 5000 }, evaluation: onlyAtEnd(5000) }));
  await studio.waitForStep(2);

  const changes = studio.page.getByRole("region", { name: "Live changes" });
  await studio.setting("Alignment weight λ").fill("0.9");
  await studio.setting("Alignment weight λ").press("Enter");
  await expect(changes).toContainText("λ 0.9");
  await studio.setting("Alignment depth").fill("2");
  await studio.setting("Alignment depth").press("Enter");
  await expect(changes).toContainText("depth 2");
  await studio.setting("Patch histograms (hand-made control)").check();
  await expect(changes).toContainText("tiny-vit + histogram", { timeout: 60_000 });

  const atLastChange = await studio.step();
  await studio.waitForStep(atLastChange + 3);
  const marks = studio.figure("Denoising loss by training step");
  await expect(marks).toContainText("λ 0.9");
  await expect(marks).toContainText("depth 2");

  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
  const run = await studio.newestRun();
  expect(run.timeline.map(({ change }) => change)).toEqual([
    { projCoeff: 0.9 },
    { encoderDepth: 2 },
    { encoders: ["tiny-vit", "patch-histogram"] },
  ]);
  const steps = run.timeline.map(({ step }) => step);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  const names = [...(await storedParameters(studio, run.id, run.step)).keys()];
  expect(names.filter((name) => name.includes("projectors.0.")).length).toBeGreaterThan(0);
  expect(names.filter((name) => name.includes("projectors.1.")).length).toBeGreaterThan(0);
});
