/**
 * `npm run results:compare -- RESULTS.zip OUT`: opens a file of results in the built page, as a person would, and saves what its
 * Compare view makes of it: OUT.html (the view's own export), OUT.png (a picture of it) and OUT.txt (its tables and lines as text).
 * Runs that differ in the seed alone are compared as one setting.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { withResultsPage } from "./headless/resultsPage";

/** Long enough for charts to be drawn by their queue. */
const SETTLE_MS = 3000;

const [file, out] = process.argv.slice(2);
if (!file || !out) throw new Error("usage: npm run results:compare -- RESULTS.zip OUT");
await mkdir(dirname(out), { recursive: true });
await withResultsPage(file, async (page) => {
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
});
