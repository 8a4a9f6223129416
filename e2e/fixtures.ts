import { expect, test as base, type BrowserContext } from "@playwright/test";
import { studioOn, type Studio } from "./studio";
import type { BackendChoice } from "../src/protocol/shared";

interface Options {
  /** Where this spec trains. WebGPU is real here: the software adapter, or the machine's with REPA_GPU=1. */
  backend: BackendChoice;
  /** Complaints a spec provokes on purpose; any other page or console error fails its test. */
  expectedComplaints: readonly RegExp[];
}

interface Fixtures {
  complaints: string[];
  studio: Studio;
}

/** Gathers what the pages of a context complain of. */
export function listen(context: BrowserContext, complaints: string[]): void {
  context.on("weberror", (error) => complaints.push(`page error: ${error.error().message}`));
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console error: ${message.text()}`);
  });
}

export const test = base.extend<Fixtures & Options>({
  backend: ["webgpu", { option: true }],
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
  studio: async ({ page, backend }, use) => use(studioOn(page, backend)),
});

export { expect } from "@playwright/test";
