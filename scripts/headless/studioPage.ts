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
  if (run === undefined || run.phase === "finished" || run.phase === "failed") return false;
  return JSON.stringify(run.experiment) === JSON.stringify(options.experiment);
}

/** Waits for a run the click made; what the page says went wrong instead becomes the error. */
async function newRunId(page: Page, before: readonly RunRecord[]): Promise<string> {
  const known = new Set(before.map((run) => run.id));
  const db = await studioDb(page);
  for (;;) {
    const made = (await db.runs()).find((run) => !known.has(run.id));
    if (made) return made.id;
    const alert = await shownFailure(page);
    if (alert !== null) throw new StudioError("INTERNAL", alert, "See the messages above.");
    await sleep(POLL_MS);
  }
}

/** What the page's alert says, on one line; null while it shows none. */
export async function shownFailure(page: Page): Promise<string | null> {
  const texts = await page.getByRole("alert").allInnerTexts();
  return texts.length > 0 ? texts.join(" ").replaceAll(/\s+/g, " ").trim() : null;
}

/**
 * Opens the app and starts the run as a person would: by the link's dialog, or by Resume when the profile
 * holds the same experiment cut short.
 * @returns the run's id
 */
export async function startRun(
  page: Page,
  origin: string,
  options: HeadlessOptions,
): Promise<{ runId: string; resumed: boolean }> {
  const { experiment, timeline, backend } = options;
  const address = `${origin}?backend=${backend}`;
  await page.goto(address);
  const before = await (await studioDb(page)).runs();
  const last = before.at(-1);
  if (last && continues(last, options)) {
    const steps = await (await studioDb(page)).checkpointSteps(last.id);
    if (steps.length > 0) {
      await page.getByRole("button", { name: "Resume" }).click({ timeout: PAGE_MS });
      return { runId: last.id, resumed: true };
    }
  }
  // a fragment alone would not load the page again
  await page.goto("about:blank");
  await page.goto(address + encodeLink({ experiment, timeline, card: {} }));
  await page
    .getByRole("dialog")
    .getByRole("button", { name: "Run it" })
    .click({ timeout: PAGE_MS });
  return { runId: await newRunId(page, before), resumed: false };
}
