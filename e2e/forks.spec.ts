import { expect, test } from "./fixtures";
import { digest, storedParameters } from "./parameters";
import { onlyAtEnd, tiny } from "./studio";

test.use({ backend: "wasm", warm: true });
test.setTimeout(300_000);

const STEPS = 40;
const FORKED_AT = 30;

test("a run is forked at a checkpoint and before a live change, and undo is such a fork", async ({
  studio,
  page,
}) => {
  const list = page.getByRole("region", { name: "Runs", exact: true });
  const rowOf = (text: string | RegExp) => list.getByRole("listitem").filter({ hasText: text });
  const dialog = page.getByRole("dialog", { name: /^Fork / });
  const lambda = studio.setting("Alignment weight λ");
  const lines = studio
    .figure("Denoising loss by training step")
    .locator("path.run-line[d^=M]:not([data-run$=raw])");

  await test.step("without a change, a fork ends where its parent did, bit by bit", async () => {
    await studio.runLink(
      tiny({ optimizer: { steps: STEPS }, evaluation: { checkpointEvery: 10 } }),
    );
    await studio.waitForPhase("Finished");
    const parent = await studio.newestRun();
    await rowOf(/40 of 40/)
      .getByRole("button", { name: /^More about/ })
      .click();
    await page.getByRole("menuitem", { name: "Fork…" }).click();
    await dialog.getByRole("radio", { name: `step ${FORKED_AT}` }).check();
    await dialog.getByText("Fixed by the checkpoint").click();
    await expect(dialog).toContainText("It decides the shapes of the weights");
    await dialog.getByRole("button", { name: "Train the fork" }).click();
    const row = rowOf(`from ${FORKED_AT}`);
    await expect(row).toContainText("Finished");
    await expect(row).toHaveAttribute("data-depth", "1");
    const fork = await studio.newestRun();
    expect(fork.parent).toMatchObject({ runId: parent.id, step: FORKED_AT, change: [] });
    expect(digest(await storedParameters(studio, fork.id, STEPS))).toBe(
      digest(await storedParameters(studio, parent.id, STEPS)),
    );
  });

  await test.step("Ctrl+Z goes back to before the newest live change", async () => {
    const steps = 20_000; // far more than the test waits for
    await page.goto("about:blank"); // or only the part after # would change
    await studio.runLink(tiny({ optimizer: { steps }, evaluation: onlyAtEnd(steps) }));
    await studio.waitForStep(3);
    await lambda.fill("0.9");
    await lambda.press("Enter");
    await expect(page.getByRole("region", { name: "Live changes" })).toContainText("λ 0.9");
    await studio.waitForStep((await studio.step()) + 3);
    await lambda.press("ControlOrMeta+z");
    await expect(studio.alert(/^Undone: λ 0.9/)).toBeVisible();
    await expect(rowOf("λ 0.9 → 0.5")).toHaveAttribute("data-depth", "1");
    await expect(rowOf(/λ 0\.9 at \d+/).filter({ hasNotText: "from" })).toContainText("Stopped");
    await studio.waitForPhase("Training");
    await expect(lambda).toHaveValue("0.5");
    const fork = await studio.newestRun();
    expect(fork.timeline).toEqual([]);
    await studio.waitForStep((fork.parent?.step ?? Infinity) + 3);
    const drawn = lines.and(page.locator(`[data-run="${fork.id}"]`));
    await expect(drawn).toHaveAttribute("d", /^M\d+ \d+L/); // from its parent's point
  });

  await test.step("and there is a way back", async () => {
    await studio.button("Back to the run with it").click();
    await expect(lambda).toHaveValue("0.9");
    await studio.waitForPhase("Training");
    await studio.button("Stop").click();
    await studio.waitForPhase("Stopped");
  });

  await test.step("a live change can be forked with another in its place, and its state pinned", async () => {
    await studio.button("Fork before λ 0.9").click();
    await dialog.getByRole("button", { name: /^Pin the checkpoint/ }).click();
    await expect(
      dialog.getByRole("button", { name: /^Pin the checkpoint/, pressed: true }),
    ).toBeVisible();
    const value = dialog.getByLabel("Alignment weight λ", { exact: true });
    await value.fill("0.2");
    await value.blur();
    await dialog.getByRole("button", { name: "Train the fork" }).click();
    await expect(rowOf("λ 0.9 → 0.2")).toHaveAttribute("data-depth", "1");
    await studio.waitForPhase("Training");
    await expect(lambda).toHaveValue("0.2");
    await page.getByRole("radiogroup", { name: "Across" }).getByText("Since fork").click();
    await studio.button("Stop").click();
    await studio.waitForPhase("Stopped");
  });

  await test.step("the budget is shown, and a smaller one lets go of what is not pinned", async () => {
    await studio.button("Runs and storage").click();
    const kept = page.getByRole("region", { name: "Kept checkpoints" });
    await expect(kept).toContainText(/of 500 MB: \d.* pinned, \d.*B at live changes and forks/);
    await kept.getByLabel("Budget in MB").fill("0");
    await kept.getByLabel("Budget in MB").press("Enter");
    await expect(kept).toContainText(/of 0 B: .* pinned, 0 B at live changes/);
    await expect(kept).toContainText("Raise the budget");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog"), "the drawer is gone").toHaveCount(0);
  });

  await test.step("a deleted parent says that its forks stay", async () => {
    await rowOf("λ 0.9 at")
      .filter({ hasNotText: "from" })
      .getByRole("button", { name: /^More about/ })
      .click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await expect(list.getByRole("status")).toContainText("its 2 forks stay");
  });
});
