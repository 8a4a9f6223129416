import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { emptyPage, onlyAtEnd, tiny, type Studio } from "./studio";

test.use({ backend: "wasm", warm: true });

const SHORT = (seed: number) => tiny({ optimizer: { steps: 6, seed }, evaluation: onlyAtEnd(6) });

const drawerOf = async (studio: Studio) => {
  await studio.button("Runs and storage").click();
  return studio.page.getByRole("dialog", { name: "Runs and storage" });
};
const runIds = async (studio: Studio) => (await (await studio.db()).runs()).map(({ id }) => id);
const run = async (studio: Studio, seed: number) => {
  await studio.runLink(SHORT(seed));
  await studio.waitForPhase("Finished");
  await studio.page.goto("about:blank"); // or only the part after # would change
};

/** Writes records into the studio's database, whatever they are. */
const put = (page: Page, store: string, records: readonly unknown[]) =>
  page.evaluate(
    async ([name, values]) => {
      const db = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open("repa-studio");
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error ?? new Error("not opened"));
      });
      const tx = db.transaction(name, "readwrite");
      for (const value of values) tx.objectStore(name).put(value);
      await new Promise((resolve) => (tx.oncomplete = resolve));
      db.close();
    },
    [store, records] as const,
  );

test("a double click on the bin deletes one run and can be undone; closed, the drawer has deleted it", async ({
  studio,
}) => {
  await run(studio, 1);
  await run(studio, 2);
  await studio.open();
  const ids = await runIds(studio);
  expect(ids.length).toBeGreaterThanOrEqual(2); // and the one that filled the caches

  const drawer = await drawerOf(studio);
  const bins = drawer
    .getByRole("region", { name: "Runs" })
    .getByRole("button", { name: /^Delete / });
  await bins.first().dblclick();
  await expect(bins).toHaveCount(ids.length - 1);
  await drawer.getByRole("button", { name: /^Undo deleting / }).click();
  await expect(bins).toHaveCount(ids.length);
  expect(await runIds(studio)).toEqual(ids);

  await bins.first().click();
  await drawer.getByRole("button", { name: "Close runs and storage" }).click();
  await expect.poll(() => runIds(studio)).toEqual(ids.slice(0, -1));
});

test("damaged records are listed with what is wrong, hide no run, and can be saved and deleted", async ({
  studio,
  page,
}) => {
  await run(studio, 1);
  await studio.open();
  const sound = await studio.newestRun();
  const ids = await runIds(studio);
  await put(page, "runs", [
    { ...sound, id: "later", name: "Of a later version", order: 50, phase: "distilling" },
    { ...sound, id: "damaged", name: 7, order: 99 },
  ]);
  await put(page, "checkpoints", [{ runId: sound.id, step: 99, parts: "none" }]);
  await page.reload();

  const drawer = await drawerOf(studio);
  const runs = drawer.getByRole("region", { name: "Runs" });
  await expect(runs.getByRole("button", { name: /^Delete / })).toHaveCount(ids.length + 1);
  await expect(runs).toContainText("Unknown, step 6 of 6");
  const unreadable = drawer.getByRole("region", { name: "Unreadable" });
  await expect(unreadable).toContainText("Run damaged");
  await expect(unreadable).toContainText("name: ");
  await expect(unreadable).toContainText("Checkpoint of step 99");

  const download = page.waitForEvent("download");
  await unreadable.getByRole("button", { name: "Save Run damaged as a file" }).click();
  expect((await download).suggestedFilename()).toBe("repa-studio-runs-damaged.bin");
  await unreadable.getByRole("button", { name: "Delete Run damaged" }).click();
  await unreadable.getByRole("button", { name: /^Delete Checkpoint/ }).click();
  await drawer.getByRole("button", { name: "Close runs and storage" }).click();
  await expect
    .poll(async () => (await runIds(studio)).toSorted())
    .toEqual([...ids, "later"].toSorted());
  await drawerOf(studio);
  await expect(unreadable).toHaveCount(0);
});

test("a page that a newer version of the studio overtook says so", async ({ studio, context }) => {
  await studio.open();
  await expect.poll(async () => await (await studio.db()).cacheCount()).toBeGreaterThan(0);
  const newer = await emptyPage(context);
  await newer.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open("repa-studio", 99);
        request.onsuccess = () => resolve();
        request.onerror = () => reject(request.error ?? new Error("not opened"));
      }),
  );
  await expect(studio.alert(/Warning|warnings/)).toContainText("This page is older");
  await expect(studio.alert(/Warning|warnings/)).not.toContainText("Allow site data");
});

test("the storage meter moves while the drawer is open and the run stores a checkpoint", async ({
  studio,
}) => {
  const long = tiny({
    optimizer: { steps: 400 },
    evaluation: { gridEvery: 400, metricsEvery: 400, checkpointEvery: 40 },
  });
  await studio.runLink(long);
  await studio.waitForStep(2);
  const drawer = await drawerOf(studio);
  const row = drawer.getByRole("region", { name: "Runs" });
  await expect(row).toContainText("· 0 B");
  await expect(row).toContainText(/· [1-9][\d.]* (kB|MB)/);
});
