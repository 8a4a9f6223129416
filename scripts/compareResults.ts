/**
 * `npm run results:compare -- RESULTS.zip OUT`: opens a file of results in the built page, as a person would, and saves what its
 * Compare view makes of it: OUT.html (the view's own export), OUT.png (a picture of it) and OUT.txt (its tables and lines as text).
 * Runs that differ in the seed alone are compared as one setting.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureBuilt, serveBuilt } from "./builtApp.mjs";
import { openBrowser } from "./headless/browser";

/** Long enough for charts to be drawn by their queue. */
const SETTLE_MS = 3000;
const LONGEST_MS = 120_000;

const [file, out] = process.argv.slice(2);
if (!file || !out) throw new Error("usage: npm run results:compare -- RESULTS.zip OUT");
await mkdir(dirname(out), { recursive: true });
await ensureBuilt();
const server = await serveBuilt();
const profile = await mkdtemp(join(tmpdir(), "compare-results-"));
const { context, origin } = await openBrowser({ profile, backend: "wasm" }, server.url);
try {
  const page = await context.newPage();
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${origin}?backend=wasm`);
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Open a file" }).click();
  await (await chooser).setFiles(file);
  await page.getByRole("alert", { name: /: \d+ runs?$/ }).waitFor({ timeout: LONGEST_MS });
  await page.getByRole("switch", { name: "Seeds as mean and range" }).click();
  await page.getByRole("link", { name: "Compare" }).click();
  const view = page.getByRole("main", { name: "Compare" });
  await view.getByRole("heading", { name: /^Compare \d+/ }).waitFor();
  await page.waitForTimeout(SETTLE_MS);
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as one HTML file" }).click();
  await (await saved).saveAs(`${out}.html`);
  const text = [await view.innerText()];
  await page.getByText("Same time", { exact: true }).click();
  text.push(await view.getByRole("region", { name: "Figures" }).innerText());
  await page.getByText("Same step", { exact: true }).click();
  await writeFile(`${out}.txt`, text.join("\n\nAfter the same time\n\n"));
  // the view scrolls by itself: a page as long as what is in it shows all
  const height = await view.evaluate((element) => element.scrollHeight);
  await page.setViewportSize({ width: 1440, height: Math.min(4000, height + 200) });
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: `${out}.png` });
} finally {
  await context.close();
  await server.close();
  await rm(profile, { recursive: true, force: true });
}
