import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext } from "@playwright/test";
import { chromiumLaunch } from "../scripts/chromium.mjs";
import { expect, test as base } from "./fixtures";

/**
 * A browser whose user blocks all site data: Chromium's own setting, so that IndexedDB really refuses, in
 * the page and in the workers alike.
 */
const test = base.extend<{ blocked: BrowserContext }>({
  blocked: async ({ baseURL }, use) => {
    const profile = await mkdtemp(join(tmpdir(), "blocked-"));
    await mkdir(join(profile, "Default"));
    const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
    await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(settings));
    const context = await chromium.launchPersistentContext(profile, {
      ...chromiumLaunch(),
      ...(baseURL === undefined ? {} : { baseURL }),
    });
    await use(context);
    await context.close();
    await rm(profile, { recursive: true, force: true });
  },
});

test("storage that refuses to open gives a message, and the page lives", async ({ blocked }) => {
  const page = blocked.pages()[0] ?? (await blocked.newPage());
  await page.goto("/?preset=tiny&backend=wasm");
  const refusal = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        try {
          const request = indexedDB.open("probe");
          request.onsuccess = () => resolve("opened");
          request.onerror = () => resolve("refused");
        } catch {
          resolve("refused");
        }
      }),
  );
  expect(refusal, "IndexedDB refuses in this browser").toBe("refused");

  await expect(page.getByRole("heading", { name: "REPA Studio" })).toBeVisible();
  await page.getByRole("button", { name: "Train", exact: true }).click();
  const alert = page.getByRole("alert", { name: /STORAGE_UNAVAILABLE/ });
  await expect(alert).toContainText("Allow site data");
  await alert.getByRole("button", { name: "Dismiss failure" }).click();
  await expect(page.getByRole("button", { name: "Train", exact: true })).toBeEnabled();
});
