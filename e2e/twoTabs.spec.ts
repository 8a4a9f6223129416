import { expect, listen, test } from "./fixtures";
import { studioOn, tiny } from "./studio";

test.use({ backend: "wasm", warm: true });
test.setTimeout(300_000);

/** Longer than a run that is to be continued is looked up and its lock asked for, twice half a second apart. */
const ASKED_MS = 2000;
const LONG_STEPS = 2000;
const LONG = tiny({
  optimizer: { steps: LONG_STEPS },
  evaluation: { gridEvery: 20, metricsEvery: 1000, checkpointEvery: 20 },
});

test("a second tab follows a run that the first trains, and takes over once the first is gone", async ({
  studio,
  context,
}) => {
  await studio.runLink(LONG);
  await studio.waitForStep(5);
  const { id } = await studio.newestRun();

  const second = studioOn(await context.newPage(), "wasm");
  await second.open("tab=second"); // no preset is asked for: the newest run is shown
  await second.waitForPhase("Runs in another tab");
  await expect(second.button("Resume")).toBeHidden();
  const before = await second.step();
  await second.waitForStep(before + 1); // as it is stored
  await expect(second.figure("Samples").first()).toBeVisible();

  // nor is it deleted here
  await second.button("Runs and storage").click();
  const drawer = second.page.getByRole("dialog", { name: "Runs and storage" });
  const { name } = await second.newestRun();
  await drawer
    .getByRole("button", { name: `Delete ${name}`, exact: true })
    .first()
    .click();
  await expect(second.page.getByText(/trains in another tab, so it was not deleted/)).toBeVisible();
  await second.page.keyboard.press("Escape");

  // from the list of runs it is not trained here either
  await second.continueRun();
  await second.page.waitForTimeout(ASKED_MS);
  await second.waitForPhase("Runs in another tab");

  await studio.page.close();
  await second.waitForPhase("Stopped");
  await second.button("Resume").click();
  await second.waitForPhase("Training");
  const resumed = await second.step();
  await second.waitForStep(resumed + 5);
  expect((await second.newestRun()).id).toBe(id);
});

test("two tabs train two runs", async ({ studio, context, complaints }) => {
  await studio.runLink(LONG);
  await studio.waitForStep(2);
  listen(context, complaints);
  const second = studioOn(await context.newPage(), "wasm");
  await second.runLink(tiny({ optimizer: { steps: 20, seed: 5 } }));
  await second.waitForPhase("Finished");
  await studio.waitForPhase("Training");
  const before = await studio.step();
  await studio.waitForStep(before + 5);
  const phaseOf = async (steps: number) =>
    (await (await studio.db()).runs()).find((run) => run.experiment.optimizer.steps === steps)
      ?.phase;
  expect(await phaseOf(20)).toBe("finished");
  await expect.poll(() => phaseOf(LONG_STEPS)).toBe("training"); // it measures in between
});
