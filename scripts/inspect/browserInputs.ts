import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Page } from "playwright";
import { StudioError } from "../../src/common/errors/studioError";
import type { ImageReport, InspectOptions } from "../../src/common/protocol/datasets";
import type { Outcome } from "../../src/common/protocol/shared";
import { ensureBuilt, serveBuilt } from "../builtApp.mjs";
import { chromiumLaunch } from "../chromium.mjs";
import { ROOT } from "../setup.mjs";
import type { HowGiven } from "./inPage";

/** Looks at images by the built page's own worker, in Chromium. */
export interface ImageInspector {
  readonly inspect: (
    how: HowGiven,
    path: string,
    options: InspectOptions,
  ) => Promise<Outcome<ImageReport>>;
  readonly close: () => Promise<void>;
}

/** The features worker's file of the build, below the page. */
function workerFile(): string {
  const name = readdirSync(join(ROOT, "dist", "assets")).find((file) =>
    /^features\.worker-.*\.js$/.test(file),
  );
  if (name !== undefined) return `assets/${name}`;
  throw new StudioError(
    "INTERNAL",
    "dist/assets holds no features worker.",
    "Delete dist/ and run the command again: it is built anew.",
  );
}

async function clientScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "scripts/inspect/inPage.ts")],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2023",
    logLevel: "warning",
  });
  return outputFiles[0]?.text ?? "";
}

/** An input element the browser takes files for, as it does for the page's own. */
async function addInput(page: Page, id: string, directory: boolean): Promise<void> {
  await page.evaluate(
    ([name, isDirectory]) => {
      const input = document.createElement("input");
      input.type = "file";
      input.multiple = true;
      input.webkitdirectory = isDirectory;
      input.id = name;
      document.body.append(input);
    },
    [id, directory] as const,
  );
}

/** Builds the page if need be, serves it and opens a browser. */
export async function openInspector(): Promise<ImageInspector> {
  await ensureBuilt();
  const served = await serveBuilt();
  const { chromium } = await import("playwright"); // not loaded where no browser is used
  const browser = await chromium.launch(chromiumLaunch({ webgpu: false }));
  const page = await browser.newPage();
  // a page of this origin that starts nothing of its own
  await page.goto(new URL("site.json", served.url).href);
  await page.evaluate(await clientScript());
  const address = new URL(workerFile(), served.url).href;
  const client = await page.evaluateHandle((at) => {
    if (!window.repaInspect) throw new Error("the client did not load");
    return window.repaInspect(at);
  }, address);
  let inputs = 0;
  return {
    inspect: async (how, path, options) => {
      const id = `input-${inputs++}`;
      await addInput(page, id, how === "folder");
      await page.locator(`#${id}`).setInputFiles(path);
      return client.evaluate((api, [given, input, asked]) => api.inspect(given, input, asked), [
        how,
        id,
        options,
      ] as const);
    },
    close: async () => {
      await browser.close();
      await served.close();
    },
  };
}
