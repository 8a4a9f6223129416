import { dataViewOn } from "./dataView";
import { expect, test } from "./fixtures";
import { onlyAtEnd, tiny } from "./studio";

test.use({ backend: "wasm" });
test.setTimeout(180_000);

/** Enough for several shards of every cache; the preset's hold-out adds nine concepts in two styles. */
const IMAGES = 300 + 18;

test("training starts on what is cached; prefilling adds the rest, paused and over a reload", async ({
  studio,
  page,
}) => {
  const steps = 1000;
  await studio.runLink(
    tiny({
      data: { imageLimit: 300, holdOutFraction: 0.0045 },
      optimizer: { steps },
      evaluation: onlyAtEnd(steps),
    }),
  );
  await expect(studio.button("Train on what is cached")).toBeEnabled({ timeout: 90_000 });
  await studio.button("Train on what is cached").click();
  await studio.waitForStep(1);
  const warning = studio.alert("Warning");
  await expect(warning).toContainText(new RegExp(`This run sees \\d+ of ${IMAGES} images`));
  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");

  const { prefill } = dataViewOn(page);
  const shards = async () => (await (await studio.db()).shardStates()).length;
  const cachedForRun = await shards();
  await page.reload();
  await studio.waitForPhase("Stopped");
  await studio.button("Resume").click();
  await studio.waitForPhase("Training");
  await expect(warning).toContainText("This run sees");
  await studio.button("Stop").click();
  await studio.waitForPhase("Stopped");
  expect(await shards(), "a run on a part goes on with that part").toBe(cachedForRun);

  const inCaching = (name: string) => prefill.getByRole("button", { name, exact: true });
  const whileRunning = await shards();
  await studio.open("", "#/data");
  await expect(prefill).toContainText(`${IMAGES} images, `);
  await inCaching("Continue").click();
  // the rest takes a quick machine a few seconds
  await expect.poll(shards, { timeout: 60_000, intervals: [20] }).toBeGreaterThan(whileRunning);
  await inCaching("Pause").click();
  await expect(inCaching("Continue")).toBeVisible();
  const paused = await shards();

  await studio.open("", "#/data");
  expect(await shards(), "what was cached is kept").toBe(paused);
  await inCaching("Continue").click();
  await expect(prefill).toContainText(`All ${IMAGES} images are cached.`, { timeout: 90_000 });
});
