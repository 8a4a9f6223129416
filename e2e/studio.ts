import { expect, type BrowserContext, type Page } from "@playwright/test";
import type { Experiment, TimelineEntry } from "../src/common/config/experiment";
import { presetById } from "../src/common/config/presets";
import { encodeLink } from "../src/common/config/urlCodec";
import type { BackendChoice } from "../src/common/protocol/shared";
import type { RunRecord } from "../src/common/storage/db";
import { studioDb } from "../scripts/headless/pageDb";

/** Caches, pipelines and a first step on a software adapter. */
export const START_MS = 180_000;

/** Groups of settings to change, each in part. */
export type Overrides = { readonly [G in keyof Experiment]?: Partial<Experiment[G]> };

/** The tiny preset with some settings changed. */
export function tiny(overrides: Overrides = {}): Experiment {
  const { experiment } = presetById("tiny");
  const merge = <G extends keyof Experiment>(group: G): Experiment[G] => ({
    ...experiment[group],
    ...overrides[group],
  });
  return {
    data: merge("data"),
    autoencoder: merge("autoencoder"),
    model: merge("model"),
    alignment: merge("alignment"),
    transport: merge("transport"),
    optimizer: merge("optimizer"),
    sampling: merge("sampling"),
    evaluation: merge("evaluation"),
  };
}

/** Samples, figures and a checkpoint after the last step alone: the run is mostly steps. */
export const onlyAtEnd = (steps: number): Partial<Experiment["evaluation"]> => ({
  gridEvery: steps,
  metricsEvery: steps,
  checkpointEvery: steps,
});

/** A page of the studio's origin without the studio in it. */
export async function emptyPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  const empty = { contentType: "text/html", body: "<link rel=icon href=data:,>" };
  await page.route("**/empty", (route) => route.fulfill(empty));
  await page.goto("/empty");
  return page;
}

/** The studio as a person sees it: everything by role and accessible name. */
export function studioOn(page: Page, backend: BackendChoice) {
  const status = page.getByRole("region", { name: "Status" });
  const button = (name: string) => page.getByRole("button", { name, exact: true });

  const open = async (query = "preset=tiny", hash = "") => {
    await page.goto(`/?${query}&backend=${backend}${hash}`);
    await expect(page.getByRole("heading", { name: "REPA Studio" })).toBeVisible();
  };
  const linkDialog = page.getByRole("dialog", { name: "Shared experiment" });
  /** Opens a share link; nothing runs before `runLink`. */
  const openLink = (experiment: Experiment, timeline: readonly TimelineEntry[] = []) =>
    open("from=link", encodeLink({ experiment, timeline, card: {} }));
  const step = async () => Number(await status.getAttribute("data-step"));

  return {
    page,
    status,
    button,
    linkDialog,
    open,
    openLink,
    step,
    alert: (name: RegExp | string) => page.getByRole("alert", { name }),
    figure: (name: string) => page.getByRole("figure", { name }),
    /** The lines a figure has drawn; the last is of the run that is open. */
    curves: (name: string) =>
      page.getByRole("figure", { name }).locator("svg :is(.recharts-line-curve, .run-line)[d^=M]"),
    setting: (label: string) =>
      page.getByRole("complementary", { name: "Experiment" }).getByLabel(label, { exact: true }),
    async runLink(experiment: Experiment, timeline: readonly TimelineEntry[] = []) {
      await openLink(experiment, timeline);
      await linkDialog.getByRole("button", { name: "Run it" }).click();
    },
    waitForStep: (wanted: number, timeout = START_MS) =>
      expect.poll(step, { timeout, intervals: [100] }).toBeGreaterThanOrEqual(wanted),
    waitForPhase: (text: string | RegExp, timeout = START_MS) =>
      expect(status).toContainText(text, { timeout }),
    /** Continues the newest stored run, from the drawer. */
    async continueRun() {
      await button("Runs and storage").click();
      const drawer = page.getByRole("dialog", { name: "Runs and storage" });
      await drawer
        .getByRole("button", { name: /^Continue / })
        .first()
        .click();
    },
    /** What is stored now; ask again after a reload. */
    db: () => studioDb(page),
    async newestRun(): Promise<RunRecord> {
      const found = (await (await studioDb(page)).runs()).at(-1);
      if (!found) throw new Error("no run is stored");
      return found;
    },
  };
}

export type Studio = ReturnType<typeof studioOn>;

/** Puts `script` before a worker's own. */
export async function prepend(
  context: BrowserContext,
  worker: string,
  script: string,
): Promise<void> {
  await context.route(`**/${worker}.worker-*.js`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: script + (await response.text()) });
  });
}
