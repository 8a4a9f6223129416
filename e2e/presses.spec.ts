import { expect, test } from "./fixtures";
import { onlyAtEnd, tiny, type Studio } from "./studio";

/** So many images that caching them takes seconds. */
const LONG_CACHING = tiny({
  data: { imageLimit: 320 },
  evaluation: onlyAtEnd(20),
  optimizer: { steps: 20 },
});

const runIds = async (studio: Studio) => (await (await studio.db()).runs()).map(({ id }) => id);

test.use({ backend: "wasm" });

test("a run cancelled while it caches is kept: Resume, pressed twice, goes on with it once", async ({
  studio,
  page,
}) => {
  await studio.runLink(LONG_CACHING);
  await studio.waitForPhase("Preparing caches");
  await expect.poll(() => runIds(studio)).toHaveLength(1); // before the first byte is cached
  const ids = await runIds(studio);
  await studio.button("Cancel").click();
  await studio.waitForPhase("Stopped");

  await page.reload();
  await studio.waitForPhase("Stopped");
  await studio.button("Resume").dblclick();
  await studio.waitForPhase("Finished");
  expect(await runIds(studio)).toEqual(ids);
  expect((await studio.newestRun()).step).toBe(20);
});

test("Cancel before it is known what a run needs keeps it from starting", async ({
  studio,
  page,
}) => {
  await studio.openLink(LONG_CACHING);
  // as soon as there is a Cancel, before a worker can have answered
  await page.evaluate(() => {
    const named = (name: string) =>
      [...document.querySelectorAll("button")].find(({ innerText }) => innerText.trim() === name);
    const observer = new MutationObserver(() => {
      const cancel = named("Cancel");
      if (!cancel) return;
      observer.disconnect();
      cancel.click();
    });
    named("Run it")?.click();
    observer.observe(document.body, { childList: true, subtree: true });
  });
  await studio.waitForPhase("Ready");
  await page.waitForTimeout(5000); // longer than the answer takes
  await studio.waitForPhase("Ready");
  expect(await runIds(studio)).toEqual([]);
});
