import { readFile } from "node:fs/promises";
import { decodeRunFile, encodeRunFile } from "../src/common/config/runFile";
import { expect, listen, test } from "./fixtures";
import { onlyAtEnd, studioOn, tiny } from "./studio";

// what is shared is the experiment: where it trains does not matter, so the faster backend serves
test.use({ backend: "wasm", warm: true });

test("a copied link restores the experiment elsewhere and waits for a click", async ({
  studio,
  browser,
  complaints,
}) => {
  const made = tiny({
    alignment: { projCoeff: 0.35, objective: "ntxent" },
    optimizer: { steps: 12, seed: 3 },
    evaluation: onlyAtEnd(12),
  });
  await studio.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await studio.openLink(made);
  await studio.linkDialog.getByRole("button", { name: "Edit it first" }).click();
  await studio.setting("Seed").fill("4");
  await studio.button("Copy link").click();
  await expect(studio.button("Copied")).toBeVisible();
  const link = await studio.page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/#\/run\?x=[\w-]+$/);
  expect(link.length).toBeLessThan(600);

  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  listen(context, complaints);
  const other = studioOn(await context.newPage(), "wasm");
  await other.open("from=link", link.slice(link.indexOf("#")));
  await expect(other.linkDialog).toContainText("NT-Xent");
  await expect(other.linkDialog).toContainText("0.35");
  // nothing runs and nothing is cached before the click
  await other.page.waitForTimeout(1500);
  expect(await (await other.db()).runs()).toEqual([]);
  expect(await (await other.db()).cacheCount()).toBe(0);

  await other.linkDialog.getByRole("button", { name: "Run it" }).click();
  await other.waitForPhase("Finished");
  const run = await other.newestRun();
  expect(run.experiment).toEqual({ ...made, optimizer: { ...made.optimizer, seed: 4 } });
  await context.close();
});

test("a link's timeline is replayed at its steps", async ({ studio }) => {
  const timeline = [{ step: 5, change: { projCoeff: 0.1, encoderDepth: 2 } }];
  const experiment = tiny({ optimizer: { steps: 10 }, evaluation: onlyAtEnd(10) });
  await studio.openLink(experiment, timeline);
  await expect(studio.linkDialog).toContainText("λ 0.1, depth 2 at 5");
  const runCount = async () => (await (await studio.db()).runs()).length;
  const before = await runCount();
  // a stray Enter starts nothing, and leaves the dialog where it is
  await studio.page.keyboard.press("Enter");
  await expect(studio.linkDialog.getByRole("button", { name: "Run it" })).not.toBeFocused();
  await expect(studio.linkDialog).toBeVisible();
  expect(await runCount()).toBe(before);

  // edited first, its changes are kept
  await studio.linkDialog.getByRole("button", { name: "Edit it first" }).click();
  const scheduled = studio.page.getByRole("region", { name: "Scheduled changes" });
  await expect(scheduled).toContainText("λ 0.1, depth 2 at 5");
  await studio.button("Train").click();
  await studio.waitForPhase("Finished");
  expect((await studio.newestRun()).timeline).toEqual(timeline);
  await expect(studio.figure("Denoising loss by training step")).toContainText("λ 0.1, depth 2");
});

test("a timeline too long for a link is offered as a file, and the file opens as a link does", async ({
  studio,
}) => {
  const timeline = Array.from({ length: 1200 }, (_, step) => ({ step, change: { projCoeff: 1 } }));
  const experiment = tiny({ optimizer: { steps: 2000, seed: 11 }, evaluation: onlyAtEnd(2000) });
  const { page } = studio;
  await studio.open();
  const text = encodeRunFile({ experiment, timeline, card: {} });
  const open = async (name: string, contents: string) => {
    const chooser = page.waitForEvent("filechooser");
    await studio.button("Open a file").click();
    const buffer = Buffer.from(contents);
    await (await chooser).setFiles({ name, mimeType: "application/json", buffer });
  };
  await open("not.json", "{}");
  const refused = page.getByRole("dialog", { name: "This file cannot be opened" });
  await refused.getByRole("button", { name: "Close", exact: true }).click();

  await open("run.json", text);
  await expect(studio.linkDialog).toContainText("and 1188 more");
  await studio.linkDialog.getByRole("button", { name: "Edit it first" }).click();

  await studio.button("Copy link").click();
  const dialog = page.getByRole("dialog", { name: "Too long for a link" });
  await expect(dialog).toContainText("1200 changes");
  const saving = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Save as a file" }).click();
  const saved = await readFile(await (await saving).path(), "utf8");
  expect(decodeRunFile(saved)).toMatchObject({ experiment, timeline, issues: [] });
});

test("a command of the reference's trainer is read as settings, and what it cannot be is said", async ({
  studio,
}) => {
  await studio.open();
  await studio.button("Paste a command").click();
  await studio.page
    .getByLabel("Command of the reference’s trainer")
    .fill(
      "accelerate launch train.py --model=SiT-B/2 --proj-coeff=0.25 --encoder-depth=4 --wings=2",
    );
  await studio.button("Read it").click();
  await expect(studio.linkDialog).toContainText("--wings");
  await studio.linkDialog.getByRole("button", { name: "Edit it first" }).click();
  await expect(studio.setting("Alignment weight λ")).toHaveValue("0.25");
  await expect(studio.setting("Alignment depth")).toHaveValue("4");
});
