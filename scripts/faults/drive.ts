import { errors, type Locator, type Page } from "playwright";
import { presetById } from "../../src/common/config/presets";
import type { Experiment, TimelineEntry } from "../../src/common/config/experiment";
import { encodeLink } from "../../src/common/config/urlCodec";
import { StudioError } from "../../src/common/errors/studioError";
import { studioDb, type PageDb } from "../headless/pageDb";
import { shownFailure } from "../headless/studioPage";
import { importPictures } from "./importScene";

const STEPS = 30;
const TINY = presetById("tiny").experiment;

/** Small, with everything that is stored: caches of several shards, samples and figures also between checkpoints. */
export const EXPERIMENT: Experiment = {
  ...TINY,
  data: { ...TINY.data, imageLimit: 120 },
  optimizer: { ...TINY.optimizer, steps: STEPS },
  evaluation: {
    ...TINY.evaluation,
    gridEvery: 5,
    metricsEvery: 5,
    checkpointEvery: 10,
    conflictEvery: 7,
  },
};
/** A live change, replayed: the run's timeline is part of its checkpoints. */
const TIMELINE: readonly TimelineEntry[] = [{ step: 12, change: { projCoeff: 1 } }];

/** No preset is named: the newest run is shown after a kill. */
const QUERY = "?backend=wasm";
/** Of each wait, on a busy machine. */
const PATIENCE_MS = 600_000;
/** Of one try: after so long nothing of a life that was ended acts on the page any more. A click on a busy machine takes a second. */
const TRY_MS = 5000;

/** Does one thing as soon as the page lets it; short tries, so that it ends with the signal. */
export type Act = (
  work: (options: { readonly timeout: number }) => Promise<unknown>,
) => Promise<void>;

const actUntil =
  (signal: AbortSignal): Act =>
  async (work) => {
    const endMs = Date.now() + PATIENCE_MS;
    for (;;) {
      signal.throwIfAborted();
      try {
        await work({ timeout: TRY_MS });
        return;
      } catch (thrown) {
        if (!(thrown instanceof errors.TimeoutError) || Date.now() > endMs) throw thrown;
      }
    }
  };

/** What the page says is under way: the run's phase, its analysis, or an import. */
export async function underWay(page: Page): Promise<string> {
  const job = page.getByRole("status", { name: "Analysis" });
  if (await job.isVisible()) return "Analysing";
  if (await page.getByRole("group", { name: /^Import of / }).isVisible()) return "Importing";
  const status = page.getByRole("region", { name: "Status" });
  return (await status.innerText()).split("\n")[0]?.trim() ?? "";
}

/** Presses a button that goes with the press: one that is gone was pressed, whatever became of the try. */
async function press(button: Locator, act: Act): Promise<void> {
  await act((options) => button.waitFor(options));
  await act(async (options) => {
    if (await button.isVisible()) await button.click(options);
  });
}

/** Waits for one of two texts in the status line. @throws StudioError INTERNAL when the page shows a failure */
async function waitForRun(page: Page, act: Act): Promise<void> {
  const status = page.getByRole("region", { name: "Status" });
  const ended = status.getByText(/Finished|Failed/).first();
  await act((options) => ended.waitFor(options));
  const failure = await shownFailure(page);
  if (failure) throw new StudioError("INTERNAL", failure, "The run did not go on.");
}

async function analyse(page: Page, act: Act): Promise<void> {
  const views = page.getByRole("navigation", { name: "Views" });
  const plan = page.getByRole("region", { name: "Plan" });
  const fill = (name: string, value: string) =>
    act((options) => plan.getByRole("textbox", { name, exact: true }).fill(value, options));
  const subject = page.getByRole("checkbox", { name: `step ${STEPS}`, exact: true });
  const samples = plan.getByRole("switch", { name: "Samples" });
  await act((options) => views.getByText("Analyse").click(options));
  await act((options) => subject.check(options));
  await act((options) => samples.check({ force: true, ...options }));
  await fill("Count", "16");
  await fill("Epochs", "3");
  await fill("Images", "2");
  const start = page.getByRole("button", { name: "Analyse", exact: true });
  await press(start, act);
  const done = page.getByRole("status", { name: "Analysis" }).getByText("Done");
  await act((options) => done.waitFor(options));
}

/** What is heard of a drive. */
export interface Driven {
  /** The page is there, and nothing was pressed yet. */
  readonly onOpened: (db: PageDb) => Promise<void>;
  /** Something is under way. */
  readonly onUnderWay: () => void;
}

/**
 * Brings the profile's import, its run and its analysis to their end, from wherever they are, as a person would.
 * @param pictures the file to import
 * @param signal ends it, a try later at the latest
 * @returns the run's id
 */
export async function drive(
  page: Page,
  origin: string,
  pictures: string,
  { onOpened, onUnderWay }: Driven,
  signal: AbortSignal,
): Promise<string> {
  const act = actUntil(signal);
  await page.goto(origin + QUERY);
  const db = await studioDb(page);
  await onOpened(db);
  await importPictures(page, pictures, act, db, onUnderWay);
  const left = (await db.runs()).at(-1);
  if (!left) {
    await page.goto("about:blank"); // a new fragment alone would not load the page again
    const link = encodeLink({ experiment: EXPERIMENT, timeline: TIMELINE, card: {} });
    await page.goto(origin + QUERY + link);
    const dialog = page.getByRole("dialog", { name: "Shared experiment" });
    await press(dialog.getByRole("button", { name: "Run it" }), act);
  } else if (left.phase !== "finished") {
    await press(page.getByRole("button", { name: "Resume", exact: true }), act);
  }
  onUnderWay();
  await waitForRun(page, act);
  await analyse(page, act);
  const run = (await (await studioDb(page)).runs()).at(-1);
  if (!run) throw new StudioError("INTERNAL", "The run vanished.", "Look into the profile.");
  return run.id;
}
