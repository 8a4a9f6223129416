/**
 * Figures of the Analyse view for the documentation:
 * `npm run figures:analysis -- OUT [--times 0.1,0.5] [--profile DIR] CHECKPOINT.safetensors...`
 * Opens the checkpoints in the built page (wasm), analyses them, and saves every figure that has something to show as
 * PNG, SVG and CSV, with a picture of the view. What a profile holds (caches, results) is not computed again.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Locator, Page } from "playwright";
import { FIGURES } from "../src/page/ui/analyse/figureRows";
import { ensureBuilt, serveBuilt } from "./builtApp.mjs";
import { openBrowser } from "./headless/browser";

const FORMATS = ["PNG", "SVG", "CSV"] as const;
const REPORT_MS = 15_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: "string", default: "0.5" },
    profile: { type: "string", default: ".cache/analysisFigures" },
  },
});
const [out, ...checkpoints] = positionals;
if (!out || checkpoints.length === 0) {
  throw new Error("usage: npm run figures:analysis -- OUT [--times 0.1,0.5] CHECKPOINT...");
}

/** Chooses exactly these noise levels; the last one chosen cannot be switched off, so wanted ones go first. */
async function chooseTimes(page: Page, wanted: readonly string[]) {
  const chips = page.getByRole("group", { name: "Noise levels t" }).getByRole("button");
  const names = (await chips.allTextContents()).filter((name) => name !== "sweep");
  const unknown = wanted.find((time) => !names.includes(time));
  if (unknown !== undefined) throw new Error(`There is no t = ${unknown}, only ${names.join()}.`);
  const inOrder = [...wanted, ...names.filter((name) => !wanted.includes(name))];
  for (const name of inOrder) {
    const chip = page.getByRole("button", { name, exact: true });
    const pressed = (await chip.getAttribute("aria-pressed")) === "true";
    if (pressed !== wanted.includes(name)) await chip.click();
  }
}

/** Waits for the end of the analysis, telling how far it is. @throws what the view says went wrong */
async function analyse(page: Page) {
  const panel = page.getByRole("region", { name: "Analysis" });
  const status = panel.getByRole("status", { name: "Analysis" });
  await panel.getByRole("button", { name: "Analyse" }).click();
  for (;;) {
    await page.waitForTimeout(REPORT_MS);
    const failed = panel.getByRole("alert");
    if ((await failed.count()) > 0) throw new Error(await failed.innerText());
    if ((await status.getAttribute("data-status")) === "done") return;
    console.log(await status.innerText());
  }
}

async function saveFigure(page: Page, figure: Locator, title: string, folder: string) {
  for (const format of FORMATS) {
    const button = figure.getByRole("button", { name: `Download ${title} as ${format}` });
    if ((await button.getAttribute("aria-disabled")) === "true") return;
    const arriving = page.waitForEvent("download");
    await button.click();
    const download = await arriving;
    await download.saveAs(join(folder, download.suggestedFilename()));
  }
  console.log(`saved ${title}`);
}

await mkdir(out, { recursive: true });
await ensureBuilt();
const server = await serveBuilt();
const { context, origin } = await openBrowser(
  { profile: values.profile, backend: "wasm" },
  server.url,
);
try {
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  await page.goto(`${origin}?backend=wasm#/analyse`);
  await page.getByLabel("Checkpoint files").setInputFiles(checkpoints);
  await page
    .getByText("file ", { exact: false })
    .nth(checkpoints.length - 1)
    .waitFor();
  await chooseTimes(page, values.times.split(","));
  await analyse(page);
  await page.screenshot({ path: join(out, "analyse.png") });
  for (const { title } of FIGURES) {
    const figure = page.getByRole("figure", { name: title({}), exact: true });
    if ((await figure.count()) === 0) continue; // the paper's own, while its values are not shown
    await figure.scrollIntoViewIfNeeded();
    await saveFigure(page, figure, title({}), out);
  }
} finally {
  await context.close();
  await server.close();
}
