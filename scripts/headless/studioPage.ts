import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright";
import { encodeLink } from "../../src/common/config/urlCodec";
import { StudioError } from "../../src/common/errors/studioError";
import type { RunRecord } from "../../src/common/storage/db";
import type { HeadlessOptions } from "./options";
import { studioDb, type PageDb } from "./pageDb";
import { type Amount } from "./progress";
import type { LogPart } from "./studioReader";

/** How long the page may take to draw its controls, or a click to become a run. */
const PAGE_MS = 120_000;
const POLL_MS = 500;

/** Prints what the page complains of; `note` is called with one line a complaint. */
export function reportErrors(page: Page, note: (text: string) => void) {
  page.on("pageerror", (error) => note(`page error: ${error.message}`));
  page.on("crash", () => note("page error: the browser's page crashed"));
  page.on("console", (message) => {
    if (message.type() === "error") note(`console error: ${message.text()}`);
  });
}

/** The stored run this command would go on with: same experiment, unfinished, with a checkpoint. */
function continues(run: RunRecord | undefined, options: HeadlessOptions): boolean {
  if (run === undefined || run.phase === "finished") return false;
  return JSON.stringify(run.experiment) === JSON.stringify(options.experiment);
}

/** The text of the page's failure alert, on one line; null while there is none. */
export async function shownFailure(page: Page): Promise<string | null> {
  const failures = page.getByRole("alert", { name: /^The run failed|cannot train/ });
  const texts = await failures.allInnerTexts();
  return texts.length > 0 ? texts.join(" ").replaceAll(/\s+/g, " ").trim() : null;
}

/** @throws StudioError when the page shows a failure: nothing will come of waiting on */
export async function throwShownFailure(page: Page): Promise<void> {
  const failure = await shownFailure(page);
  if (failure !== null) throw new StudioError("INTERNAL", failure, "The run did not start.");
}

/** Progress that the status line shows before the log has it: the step just done, and filled caches. */
export async function shownStatus(page: Page): Promise<{ step: number; caching: Amount | null }> {
  const status = page.getByRole("region", { name: "Status" });
  const { step, caching } = await status.evaluate((line) => {
    const detail = line.querySelector("[data-total]");
    const numberOf = (name: string) => Number(detail?.getAttribute(name));
    return {
      step: Number(line.getAttribute("data-step")),
      caching: detail && {
        done: numberOf("data-done"),
        total: numberOf("data-total"),
        rate: numberOf("data-rate"),
      },
    };
  });
  return { step, caching: caching && { what: "caching", unit: "images", ...caching } };
}

/**
 * Confirms the page's dialog about weights where the options allow it.
 * @throws StudioError WEIGHTS_MISSING where they do not, DOWNLOAD_FAILED when fetching stopped
 */
async function answerWeightsDialog(page: Page, download: boolean): Promise<void> {
  const dialog = page.getByRole("dialog", { name: "Weights to download" });
  if (!(await dialog.isVisible())) return;
  const stopped = dialog.getByRole("alert");
  const asked = (await dialog.innerText()).replaceAll(/\s+/g, " ").trim();
  if (await stopped.isVisible()) {
    throw new StudioError("DOWNLOAD_FAILED", asked, "The same command again goes on from there.");
  }
  if (await dialog.getByRole("button", { name: "Choose the file first" }).isVisible()) {
    const hint = "Make the file and choose it once in a browser with this profile: no hub has it.";
    throw new StudioError("WEIGHTS_MISSING", asked, hint);
  }
  if (!download) {
    throw new StudioError("WEIGHTS_MISSING", asked, "Add --download to fetch them.");
  }
  await dialog.getByRole("button", { name: /^Download/ }).click({ timeout: PAGE_MS });
}

/** What is told of a run that is starting, and what may end it before its first step. */
export interface StartHooks {
  readonly onCaching: (amount: Amount) => void;
  /** Why the run is to end early; null while it may go on. */
  readonly stopReason: () => string | null;
}

/**
 * Waits for the run the click made; what the page says went wrong instead becomes the error.
 * @throws StudioError CANCELLED when it is to stop before there is a run
 */
async function newRunId(
  page: Page,
  before: readonly RunRecord[],
  download: boolean,
  { onCaching, stopReason }: StartHooks,
): Promise<string> {
  const known = new Set(before.map((run) => run.id));
  const db = await studioDb(page);
  for (;;) {
    const made = (await db.runs()).find((run) => !known.has(run.id));
    if (made) return made.id;
    await throwShownFailure(page);
    await answerWeightsDialog(page, download);
    const { caching } = await shownStatus(page);
    if (caching) onCaching(caching);
    const reason = stopReason();
    if (reason !== null) {
      const hint = "The same command goes on: caches are kept shard by shard.";
      throw new StudioError("CANCELLED", `Stopped before the first step: ${reason}.`, hint);
    }
    await sleep(POLL_MS);
  }
}

/** Continues the profile's newest run from its checkpoint. */
async function continueRun(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Runs and storage" }).click({ timeout: PAGE_MS });
  const drawer = page.getByRole("dialog", { name: "Runs and storage" });
  await drawer
    .getByRole("button", { name: /^Continue / })
    .first()
    .click({ timeout: PAGE_MS });
}

export interface StartedRun {
  readonly runId: string;
  /** Its record counts once it is newer than this: 0 for a new run, the cut's time for one gone on with. */
  readonly sinceMs: number;
  /** What it logged before it was cut. */
  readonly logged: LogPart;
}

const NOTHING_LOGGED: LogPart = { points: [], measurements: [], lastKey: 0 };

/**
 * Opens the app and starts the run as a person would: by the link's dialog, or by Continue when the
 * profile holds the same experiment cut short.
 */
export async function startRun(
  page: Page,
  origin: string,
  options: HeadlessOptions,
  hooks: StartHooks,
): Promise<StartedRun> {
  const { experiment, timeline, backend } = options;
  const address = `${origin}?backend=${backend}`;
  await page.goto(address);
  const db: PageDb = await studioDb(page);
  const before = await db.runs();
  const last = before.at(-1);
  if (last && continues(last, options) && (await db.checkpointSteps(last.id)).length > 0) {
    const logged = await db.log(last.id, 0);
    await continueRun(page);
    return { runId: last.id, sinceMs: last.updatedAtMs, logged };
  }
  await page.goto("about:blank"); // a new fragment alone would not load the page again
  await page.goto(address + encodeLink({ experiment, timeline, card: {} }));
  const dialog = page.getByRole("dialog", { name: "Shared experiment" });
  await dialog.getByRole("button", { name: "Run it" }).click({ timeout: PAGE_MS });
  const runId = await newRunId(page, before, options.download, hooks);
  return { runId, sinceMs: 0, logged: NOTHING_LOGGED };
}
