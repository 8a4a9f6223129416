import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "@playwright/test";
import { chromiumLaunch } from "../scripts/chromium.mjs";
import { expect, test } from "./fixtures";

/** Overwrites a part of the browser's own files of its databases, as a full disk leaves them. */
async function damageDatabases(profile: string): Promise<void> {
  const folder = join(profile, "Default", "IndexedDB");
  const databases = (await readdir(folder)).filter((name) => name.endsWith(".leveldb"));
  for (const database of databases) {
    const files = (await readdir(join(folder, database))).filter((name) => name.endsWith(".log"));
    for (const name of files) {
      const path = join(folder, database, name);
      const bytes = await readFile(path);
      await writeFile(path, bytes.fill(0xab, bytes.length >> 2, bytes.length >> 1));
    }
  }
}

test("a database that the browser found damaged and deleted is said to be gone, once", async ({
  baseURL,
}) => {
  const profile = await mkdtemp(join(tmpdir(), "damaged-"));
  const visit = async (look: (page: Page) => Promise<void>) => {
    const context = await chromium.launchPersistentContext(profile, {
      ...chromiumLaunch(),
      ...(baseURL === undefined ? {} : { baseURL }),
    });
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto("/?preset=tiny&backend=wasm");
    await expect(page.getByRole("button", { name: "Train", exact: true })).toBeEnabled();
    await look(page);
    await context.close();
  };
  await visit(async (page) => {
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await expect(page.getByRole("region", { name: "Status" })).toContainText("Preparing caches");
  });
  await damageDatabases(profile);
  const loss = (page: Page) =>
    page.getByText(/The browser found what the studio had stored damaged/);
  await visit(async (page) => {
    await expect(loss(page)).toContainText("Runs that were saved as files can be opened again");
    await expect(page.getByRole("region", { name: "Runs" }).getByRole("listitem")).toHaveCount(0);
    await page.reload();
    await expect(page.getByRole("button", { name: "Train", exact: true })).toBeEnabled();
    await expect(loss(page)).toBeHidden();
  });
  await rm(profile, { recursive: true, force: true });
});
