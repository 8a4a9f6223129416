import { encodeLink } from "../src/common/config/urlCodec";
import { expect, test } from "./fixtures";
import { START_MS, tiny } from "./studio";

const STEPS = 150;
/** Five blocks of images, through the tiny encoder: many steps are taken before they are all encoded. */
const EARLY = tiny({
  data: { startEarly: true, imageLimit: 300 },
  optimizer: { steps: STEPS },
  evaluation: { firstGrid: 4, gridEvery: STEPS, metricsEvery: STEPS, checkpointEvery: STEPS },
});

test.use({ backend: "wasm" });

test("a curve and samples come while images are still encoded, and the run's link repeats it to the bit", async ({
  studio,
}) => {
  test.setTimeout(START_MS + 120_000);
  await studio.runLink(EARLY);
  const images = studio.status.locator("[data-total]");
  await expect(studio.curves("Denoising loss by training step").last()).toBeVisible({
    timeout: START_MS,
  });
  await expect(studio.page.getByRole("img", { name: /^Sample 1: / })).toBeVisible();
  const recorded = studio.page.getByRole("region", { name: "Recorded run" });
  await expect(recorded, "gives way to the visitor's own curve").toHaveCount(0);
  expect(await images.count(), "images are still encoded").toBe(1);
  await expect(studio.page.getByLabel("Time to images")).toBeVisible();
  await expect(studio.page.getByRole("region", { name: "Live changes" })).toContainText("None yet");

  await studio.waitForPhase("Finished");
  const first = await studio.newestRun();
  const parts = first.timeline.map(({ step, images: blocks = 0 }) => [step, blocks] as const);
  expect(parts[0]?.[0]).toBe(1);
  expect(parts.length).toBeGreaterThan(1);
  expect(parts).toEqual(parts.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));
  const logged = async (runId: string) => {
    const { points, measurements } = await (await studio.db()).log(runId, 0);
    const figures = measurements.map((one) => JSON.stringify(one)).sort();
    return { points: points.map((point) => ({ ...point, stepMs: 0 })), figures };
  };
  const { points, figures } = await logged(first.id);
  expect(points).toHaveLength(STEPS);
  expect(figures).toHaveLength(2);

  const shared = { experiment: first.experiment, timeline: first.timeline, card: {} };
  await studio.open("from=link", encodeLink(shared));
  await expect(studio.linkDialog).toContainText("all images are encoded first");
  await studio.linkDialog.getByRole("button", { name: "Run it" }).click();
  await studio.waitForPhase("Training");
  await studio.waitForPhase("Finished");
  const second = await studio.newestRun();
  expect(second.id).not.toBe(first.id);
  expect(second).toMatchObject({ timeline: first.timeline, repeats: true });
  expect(await logged(second.id)).toEqual({ points, figures });
});
