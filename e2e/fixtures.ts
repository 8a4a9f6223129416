import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test as base, type Browser, type BrowserContext } from "@playwright/test";
import type { BackendChoice } from "../src/common/protocol/shared";
import { onlyAtEnd, studioOn, tiny, type Studio } from "./studio";

interface Options {
  /** Where this spec trains. WebGPU is real here: the software adapter, or the machine's with REPA_GPU=1. */
  backend: BackendChoice;
  /** Starts with the tiny preset's caches filled: on a software adapter that alone takes minutes. */
  warm: boolean;
  /** Complaints a spec provokes on purpose; any other page or console error fails its test. */
  expectedComplaints: readonly RegExp[];
}

interface Fixtures {
  complaints: string[];
  studio: Studio;
}

interface WorkerFixtures {
  /** @returns the file of a browser state with the caches of the tiny preset, made once a test run */
  warmState: () => Promise<string>;
}

/** Gathers what the pages of a context complain of. */
export function listen(context: BrowserContext, complaints: string[]): void {
  context.on("weberror", (error) => complaints.push(`page error: ${error.error().message}`));
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console error: ${message.text()}`);
  });
}

/** Fills the caches by a real run on wasm and saves what the browser then holds, IndexedDB included. */
async function makeWarmState(browser: Browser, baseURL: string, path: string): Promise<void> {
  const context = await browser.newContext({ baseURL });
  const page = await context.newPage();
  const studio = studioOn(page, "wasm");
  await studio.runLink(
    tiny({
      alignment: { encoders: ["tiny-vit", "patch-histogram"] },
      optimizer: { steps: 1000 },
      evaluation: onlyAtEnd(1000),
    }),
  );
  await studio.waitForStep(1);
  await page.goto("/icon.svg"); // ends the run, stays on the origin
  await context.storageState({ path, indexedDB: true });
  await context.close();
}

export const test = base.extend<Fixtures & Options, WorkerFixtures>({
  backend: ["webgpu", { option: true }],
  warm: [false, { option: true }],
  expectedComplaints: [[], { option: true }],
  complaints: [
    async ({ context, expectedComplaints }, use) => {
      const complaints: string[] = [];
      listen(context, complaints);
      await use(complaints);
      const unexpected = complaints.filter(
        (complaint) => !expectedComplaints.some((pattern) => pattern.test(complaint)),
      );
      expect(unexpected, "page and console errors").toEqual([]);
    },
    { auto: true },
  ],
  warmState: [
    async ({ browser }, use, info) => {
      const { outputDir, use: settings } = info.project;
      const path = join(outputDir, "warm", "state.json");
      await use(async () => {
        if (existsSync(path)) return path;
        await mkdir(join(outputDir, "warm"), { recursive: true });
        await makeWarmState(browser, settings.baseURL ?? "", path);
        return path;
      });
    },
    { scope: "worker" },
  ],
  storageState: async ({ warm, warmState }, use) => use(warm ? await warmState() : undefined),
  studio: async ({ page, backend }, use) => use(studioOn(page, backend)),
});

export { expect } from "@playwright/test";
