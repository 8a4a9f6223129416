import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { emptyPage, studioOn, tiny } from "./studio";

test.use({ backend: "wasm" });

const NAME = "Of version 4";

/** As the older version logged them. */
const POINTS_A_RECORD = 500;

/** A tab of version 4 of the database with one run of `steps` in it, which keeps it open whatever newer tabs ask for. */
async function oldTab(page: Page, steps = 3): Promise<void> {
  await page.evaluate(
    async ([name, experiment, last, part]) => {
      const plain = {
        runs: "id",
        caches: "cacheKey",
        settings: "key",
        datasets: "id",
        weights: "key",
      };
      const pairs = {
        ...{ shards: ["cacheKey", "shard"], grids: ["runId", "step"] },
        ...{ checkpoints: ["runId", "step"], imageLists: ["datasetId", "shard"] },
        ...{ images: ["datasetId", "shard"], weightChunks: ["weightsKey", "index"] },
      };
      const opening = indexedDB.open("repa-studio", 4);
      opening.onupgradeneeded = () => {
        const db = opening.result;
        for (const [store, keyPath] of Object.entries({ ...plain, ...pairs })) {
          db.createObjectStore(store, { keyPath });
        }
        const log = db.createObjectStore("log", { keyPath: "id", autoIncrement: true });
        log.createIndex("byRun", "runId");
        const analyses = db.createObjectStore("analyses", { keyPath: "key" });
        analyses.createIndex("byRun", "found.subject.runId");
        opening.transaction?.objectStore("runs").createIndex("byCreatedAt", "createdAtMs");
      };
      await new Promise((resolve) => (opening.onsuccess = resolve));
      Object.assign(globalThis, { kept: opening.result }); // or it is closed with the garbage
      const tx = opening.result.transaction(["runs", "log"], "readwrite");
      tx.objectStore("runs").put({
        ...{ id: "old", name, experiment, timeline: [], createdAtMs: 1, updatedAtMs: 2 },
        ...{ phase: "stopped", step: last, device: null, datasetHash: "0", codeVersion: "4" },
      });
      const point = { velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 12 };
      for (let from = 0; from < last; from += part) {
        const points = Array.from({ length: Math.min(part, last - from) }, (_, i) => ({
          ...point,
          step: from + i + 1,
        }));
        tx.objectStore("log").add({ runId: "old", kind: "steps", points });
      }
      await new Promise((resolve) => (tx.oncomplete = resolve));
    },
    [NAME, tiny(), steps, POINTS_A_RECORD] as const,
  );
}

test("a tab of an older version keeps an upgrade waiting, over a reload too; once it is gone the page goes on by itself", async ({
  studio,
  page,
  context,
}) => {
  const old = await emptyPage(context);
  await oldTab(old);

  for (const visit of ["first", "reloaded"]) {
    await test.step(visit, async () => {
      if (visit === "first") await page.goto("/?backend=wasm");
      else await page.reload();
      // after a reload the browser no longer says what it waits for
      const why = /another tab of the studio keeps it open|has not opened for 8 seconds/;
      await expect(page.getByText(why).first()).toBeVisible();
      await expect(studio.button("Train"), "the page lives").toBeVisible();
    });
  }

  await old.close();
  await studio.waitForPhase("Stopped");
  await expect(studio.status).toHaveAttribute("data-step", "3");
  await page.reload();
  await studio.waitForPhase("Stopped");
  const second = studioOn(await context.newPage(), "wasm");
  await second.page.goto("/?backend=wasm");
  await second.waitForPhase("Stopped"); // nothing is left to upgrade
});

test("an upgrade that is cut leaves all as it was, and the next page brings it over whole", async ({
  studio,
  page,
  context,
}) => {
  const steps = 200_000;
  const old = await emptyPage(context);
  await oldTab(old, steps);
  await old.close();
  const version = async () => {
    const reader = await emptyPage(context);
    const known = await reader.evaluate(() => indexedDB.databases());
    await reader.close();
    return known.find(({ name }) => name === "repa-studio")?.version;
  };

  await page.goto("/?backend=wasm");
  await expect(studio.status).toContainText("Bringing what is stored");
  await page.goto("about:blank");
  expect(await version()).toBe(4);

  await page.goto("/?backend=wasm");
  await studio.waitForPhase("Stopped");
  await expect(studio.status).toHaveAttribute("data-step", String(steps));
  const { count, last } = await (await studio.db()).logEnd("old");
  expect(count).toBe(steps);
  expect(last).toMatchObject({ step: steps, velocityLoss: 1, stepMs: 12 });
});
