import type { Page } from "playwright";
import { presetById } from "../../src/common/config/presets";
import type { Experiment, TimelineEntry } from "../../src/common/config/experiment";
import { encodeLink } from "../../src/common/config/urlCodec";
import { StudioError } from "../../src/common/errors/studioError";
import { studioDb } from "../headless/pageDb";
import { shownFailure } from "../headless/studioPage";

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
/** Of the whole of it, on a busy machine. */
const PATIENCE_MS = 600_000;

/** What the page says is under way: the run's phase, or its analysis. */
export async function underWay(page: Page): Promise<string> {
  const job = page.getByRole("status", { name: "Analysis" });
  if (await job.isVisible()) return "Analysing";
  const status = page.getByRole("region", { name: "Status" });
  return (await status.innerText()).split("\n")[0]?.trim() ?? "";
}

/** Waits for one of two texts in the status line. @throws StudioError INTERNAL when the page shows a failure */
async function waitForRun(page: Page): Promise<void> {
  const status = page.getByRole("region", { name: "Status" });
  await status
    .getByText(/Finished|Failed/)
    .first()
    .waitFor({ timeout: PATIENCE_MS });
  const failure = await shownFailure(page);
  if (failure) throw new StudioError("INTERNAL", failure, "The run did not go on.");
}

async function analyse(page: Page): Promise<void> {
  await page.getByRole("navigation", { name: "Views" }).getByText("Analyse").click();
  const plan = page.getByRole("region", { name: "Plan" });
  const count = (name: string) => plan.getByRole("textbox", { name, exact: true });
  await page.getByRole("checkbox", { name: `step ${STEPS}`, exact: true }).check();
  await plan.getByRole("switch", { name: "Samples" }).check({ force: true });
  await count("Count").fill("16");
  await count("Epochs").fill("3");
  await count("Images").fill("2");
  await page.getByRole("button", { name: "Analyse", exact: true }).click();
  const job = page.getByRole("status", { name: "Analysis" });
  await job.getByText("Done").waitFor({ timeout: PATIENCE_MS });
}

/**
 * Brings the profile's run and its analysis to their end, from wherever they are, as a person would.
 * @param onUnderWay called once something is
 * @returns the run's id
 */
export async function drive(page: Page, origin: string, onUnderWay: () => void): Promise<string> {
  await page.goto(origin + QUERY);
  const db = await studioDb(page);
  const left = (await db.runs()).at(-1);
  if (!left) {
    await page.goto("about:blank"); // a new fragment alone would not load the page again
    const link = encodeLink({ experiment: EXPERIMENT, timeline: TIMELINE, card: {} });
    await page.goto(origin + QUERY + link);
    const dialog = page.getByRole("dialog", { name: "Shared experiment" });
    await dialog.getByRole("button", { name: "Run it" }).click();
  } else if (left.phase !== "finished") {
    await page.getByRole("button", { name: "Resume", exact: true }).click();
  }
  onUnderWay();
  await waitForRun(page);
  await analyse(page);
  const run = (await (await studioDb(page)).runs()).at(-1);
  if (!run) throw new StudioError("INTERNAL", "The run vanished.", "Look into the profile.");
  return run.id;
}
