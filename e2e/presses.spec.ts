import { expect, test } from "./fixtures";
import { encodeLink } from "../src/common/config/urlCodec";
import { COMMANDS } from "../src/page/commands/commandList";
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

/** Buttons of the header that do not end the run they are pressed in. */
const ENDING = new Set(["stop", "cancelCaching"]);
const PRESSED = COMMANDS.filter(({ id, place }) => place !== undefined && !ENDING.has(id));
const KEYS = COMMANDS.flatMap(({ id, shortcut }) =>
  shortcut === undefined || id === "showShortcuts" ? [] : [shortcut],
);

/** Every button twice, as two quick presses, and every key twice; ends on the training view. */
async function pressAllTwice(studio: Studio) {
  const { page } = studio;
  for (const { label, place } of PRESSED) {
    if (place === "corner") continue;
    await page.evaluate((name) => {
      for (let i = 0; i < 2; i++) {
        const buttons = [...document.querySelectorAll("header button")] as HTMLButtonElement[];
        buttons.find(({ innerText }) => innerText.trim() === name)?.click();
      }
    }, label);
  }
  await page.getByRole("heading", { name: "REPA Studio" }).click(); // keys are heard where nothing else has the focus
  for (const key of KEYS) {
    await page.keyboard.press(key === " " ? "Space" : key);
    await page.keyboard.press(key === " " ? "Space" : key);
  }
  await page.keyboard.press("t");
  for (const name of ["Keyboard shortcuts", "Runs and storage"]) {
    await page
      .locator("header")
      .getByRole("button", { name: new RegExp(`^${name}`) })
      .evaluate((button: HTMLButtonElement) => {
        button.click();
        button.click();
      });
    await page.getByRole("dialog", { name }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name }).waitFor({ state: "hidden" });
  }
}

/** Presses a button while it is there, until the run is in a phase: an earlier press may still be on its way. */
const pressUntil = (studio: Studio, name: string, phase: string) =>
  expect(async () => {
    const button = studio.button(name);
    if (await button.isVisible()) await button.click();
    await expect(studio.status).toContainText(phase, { timeout: 1000 });
  }).toPass({ timeout: 240_000 });

test("every command pressed twice in each phase: one run, which finishes with its figures", async ({
  studio,
  page,
}) => {
  test.setTimeout(400_000);
  const steps = 600;
  const experiment = tiny({
    data: { imageLimit: 160 },
    evaluation: onlyAtEnd(steps),
    optimizer: { steps },
  });
  await studio.runLink(experiment);
  await studio.waitForPhase("Preparing caches");
  await pressAllTwice(studio);
  await studio.waitForStep(1);
  await pressAllTwice(studio); // training, or paused by one of the presses

  // another experiment, while this one is under way: the form stays as it is, the link may wait for its turn
  await page.evaluate(
    (hash) => {
      location.hash = hash;
    },
    encodeLink({ experiment: tiny({ alignment: { projCoeff: 2 } }), timeline: [], card: {} }),
  );
  await expect(studio.linkDialog).toContainText("A run is under way");
  await expect(studio.linkDialog.getByRole("button", { name: "Queue it" })).toBeEnabled();
  await studio.linkDialog.getByRole("button", { name: "Not now" }).click();
  await expect(studio.linkDialog).toBeHidden();
  await expect(studio.setting("Alignment weight λ")).not.toHaveValue("2");
  await expect(page.getByLabel("Preset", { exact: true }).first()).toBeDisabled();

  await pressUntil(studio, "Pause", "Paused");
  await pressAllTwice(studio);
  await pressUntil(studio, "Resume", "Finished");

  expect(await runIds(studio)).toHaveLength(1);
  const run = await studio.newestRun();
  expect([run.phase, run.step]).toEqual(["finished", steps]);
  expect(run.timeline, "no press moves a live setting").toEqual([]);
  const { points, measurements } = await (await studio.db()).log(run.id, 0);
  expect(new Set(points.map(({ step }) => step)).size).toBe(steps);
  expect(measurements.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["sampleQuality", "layerAlignment"]),
  );
});
