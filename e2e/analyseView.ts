import { readFile } from "node:fs/promises";
import { expect, type Page } from "@playwright/test";
import type { Studio } from "./studio";

/** An analysis of the tiny model on one of two busy cores. */
const ANALYSIS_MS = 240_000;

/** Chromium drops an eleventh download within a second of the first. */
const BETWEEN_DOWNLOADS_MS = 110;

/** The Analyse view as a person sees it. */
export function analyseViewOn(studio: Studio, page: Page = studio.page) {
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const save = (title: string, kind: "PNG" | "SVG" | "CSV") =>
    button(`Download ${title} as ${kind}`);
  const download = async (title: string, kind: "PNG" | "SVG" | "CSV") => {
    await page.waitForTimeout(BETWEEN_DOWNLOADS_MS);
    const waiting = page.waitForEvent("download");
    await save(title, kind).click();
    return readFile(await (await waiting).path());
  };
  const plan = page.getByRole("region", { name: "Plan" });
  const status = page.getByRole("status", { name: "Analysis" });
  return {
    plan,
    status,
    step: (step: number) => page.getByRole("checkbox", { name: `step ${step}`, exact: true }),
    time: (t: number) => plan.getByRole("button", { name: String(t), exact: true }),
    part: (name: string) => plan.getByRole("switch", { name }),
    count: (name: string) => plan.getByRole("textbox", { name, exact: true }),
    figure: (name: string) => page.getByRole("figure", { name, exact: true }),
    save,
    download,
    async open() {
      await page.getByRole("navigation", { name: "Views" }).getByText("Analyse").click();
      await expect(page.getByRole("region", { name: "What is analysed" })).toBeVisible();
    },
    async openFile(name: string, bytes: Uint8Array) {
      const chooser = page.waitForEvent("filechooser");
      await button("Open a checkpoint file").click();
      const file = { name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) };
      await (await chooser).setFiles(file);
    },
    async analyse() {
      await button("Analyse").click();
      await expect(status).toContainText("Done", { timeout: ANALYSIS_MS });
    },
    async cancel() {
      await button("Analyse").click();
      await expect(status).toContainText(" of ", { timeout: ANALYSIS_MS });
      await button("Cancel").click();
      await expect(status).toContainText("Cancelled", { timeout: 60_000 });
    },
    /** Rows of a figure's CSV by column. */
    async csv(title: string): Promise<readonly Readonly<Record<string, string>>[]> {
      const lines = (await download(title, "CSV")).toString("utf8").trim().split("\r\n");
      const [header = [], ...rows] = lines.map(cells);
      return rows.map((row) => {
        expect(row, "as many cells as columns").toHaveLength(header.length);
        return Object.fromEntries(header.map((name, index) => [name, row[index] ?? ""]));
      });
    },
    /** What an XML parser says of a text; null when it is well formed. */
    xmlError: (text: string) =>
      page.evaluate(
        (svg) =>
          new DOMParser().parseFromString(svg, "image/svg+xml").querySelector("parsererror")
            ?.textContent ?? null,
        text,
      ),
  };
}

/** One line of RFC 4180. */
function cells(line: string): string[] {
  const found: string[] = [];
  for (const [, cell = "", end] of line.matchAll(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)) {
    found.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === "") break;
  }
  return found;
}
