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
  await studio.linkDialog.getByRole("button", { name: "Run it" }).click();
  await studio.waitForPhase("Finished");
  expect((await studio.newestRun()).timeline).toEqual(timeline);
  await expect(studio.figure("Velocity loss by training step")).toContainText("λ 0.1, depth 2");
});
