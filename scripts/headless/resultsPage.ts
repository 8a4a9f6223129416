import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright";
import { ensureBuilt, serveBuilt } from "../builtApp.mjs";
import { openBrowser } from "./browser";

const LONGEST_MS = 120_000;

/** Works on the built page after it has opened a file of results, as a person would; its profile is gone afterwards. */
export async function withResultsPage(
  file: string,
  work: (page: Page) => Promise<void>,
): Promise<void> {
  await ensureBuilt();
  const server = await serveBuilt();
  const profile = await mkdtemp(join(tmpdir(), "results-page-"));
  const { context, origin } = await openBrowser({ profile, backend: "wasm" }, server.url);
  try {
    const page = await context.newPage();
    await page.goto(`${origin}?backend=wasm`);
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Open a file" }).click();
    await (await chooser).setFiles(file);
    const notice = page.getByRole("alert", { name: /: \d+ runs?$/ });
    await notice.waitFor({ timeout: LONGEST_MS });
    await notice.getByRole("button").click(); // it is in no picture
    await work(page);
  } finally {
    await context.close();
    await server.close();
    await rm(profile, { recursive: true, force: true });
  }
}
