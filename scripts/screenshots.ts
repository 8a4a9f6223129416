/**
 * Pictures of the studio for the documentation, with runs that were really made: `npm run screenshots -- RESULTS.zip OUT`. The
 * file of results is opened in the built page, as a person would, and of its runs the one with alignment and the lowest seed is
 * looked at.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { withResultsPage } from "./headless/resultsPage";

const SHOTS = [
  { name: "studio-light", width: 1440, height: 900, scheme: "light" },
  { name: "studio-dark", width: 1440, height: 900, scheme: "dark" },
  { name: "studio-small-light", width: 1024, height: 768, scheme: "light" },
  { name: "studio-small-dark", width: 1024, height: 768, scheme: "dark" },
  { name: "studio-phone-light", width: 390, height: 844, scheme: "light" },
] as const;

/** Long enough for charts off the first screen to be drawn by their queue. */
const SETTLE_MS = 3_000;

const [results, out] = process.argv.slice(2);
if (!results || !out) throw new Error("usage: npm run screenshots -- RESULTS.zip OUT");
await mkdir(out, { recursive: true });
await withResultsPage(results, async (page) => {
  const list = page.getByRole("region", { name: "Runs", exact: true });
  // nothing sets it apart from its preset: alignment, and the first seed
  const run = list.getByRole("listitem").filter({ hasNotText: /seed \d|→/ });
  await run.getByRole("button", { name: /^Open/ }).click();
  await page.getByRole("switch", { name: "Seeds as mean and range" }).click();
  for (const { name, width, height, scheme } of SHOTS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await page.getByRole("figure", { name: "Denoising loss by training step" }).waitFor();
    await page.mouse.move(0, 0);
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: join(out, `${name}.png`) });
  }
});
