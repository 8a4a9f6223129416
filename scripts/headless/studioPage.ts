import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright";
import { encodeLink } from "../../src/config/urlCodec";
import { StudioError } from "../../src/errors/studioError";
import type { RunRecord } from "../../src/storage/db";
import type { HeadlessOptions } from "./options";
import { studioDb } from "./pageDb";

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

/** What the page's red alert says, on one line; null while it shows none. */
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

/** The status line, for what the log does not have yet: the step just done, the caches being filled. */
export async function shownStatus(page: Page): Promise<{ step: number; text: string }> {
  const run = await page.getByRole("status", { name: "Run" }).innerText();
  const text = await page.getByRole("region", { name: "Status" }).innerText();
  return {
    step: Number(/^Step (\d+)/.exec(run)?.[1] ?? 0),
    text: text.replaceAll(/\s+/g, " ").trim(),
  };
}

/**
 * The page asks before it fetches weights: yes where the command said so.
 * @throws StudioError WEIGHTS_MISSING where it did not, DOWNLOAD_FAILED when fetching stopped
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

/** Waits for the run the click made; what the page says went wrong instead becomes the error. */
async function newRunId(
  page: Page,
  before: readonly RunRecord[],
  download: boolean,
  onStatus: (text: string) => void,
): Promise<string> {
  const known = new Set(before.map((run) => run.id));
  const db = await studioDb(page);
  for (;;) {
    const made = (await db.runs()).find((run) => !known.has(run.id));
    if (made) return made.id;
    await throwShownFailure(page);
    await answerWeightsDialog(page, download);
    onStatus((await shownStatus(page)).text);
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
}

/**
 * Opens the app and starts the run as a person would: by the link's dialog, or by Continue when the
 * profile holds the same experiment cut short.
 */
export async function startRun(
  page: Page,
  origin: string,
  options: HeadlessOptions,
  onStatus: (text: string) => void,
): Promise<StartedRun> {
  const { experiment, timeline, backend } = options;
  const address = `${origin}?backend=${backend}`;
  await page.goto(address);
  const db = await studioDb(page);
  const before = await db.runs();
  const last = before.at(-1);
  if (last && continues(last, options) && (await db.checkpointSteps(last.id)).length > 0) {
    await continueRun(page);
    return { runId: last.id, sinceMs: last.updatedAtMs };
  }
  await page.goto("about:blank"); // a new fragment alone would not load the page again
  await page.goto(address + encodeLink({ experiment, timeline, card: {} }));
  const dialog = page.getByRole("dialog", { name: "Shared experiment" });
  await dialog.getByRole("button", { name: "Run it" }).click({ timeout: PAGE_MS });
  return { runId: await newRunId(page, before, options.download, onStatus), sinceMs: 0 };
}
