/**
 * `npm run faults`: kills the studio at random moments of an import, caching, training, evaluating, checkpointing and analysing, every
 * second time after trouble of another kind (trouble.ts), goes on each time, and compares what is stored at the end with an
 * undisturbed run; what was stored before a kill must be there after it. Exit code 0 when nothing differs and nothing is lost.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext, Page } from "playwright";
import { StudioError } from "../src/common/errors/studioError";
import { ensureBuilt, serveBuilt } from "./builtApp.mjs";
import { openCampaign, reportOf, type Round } from "./faults/campaign";
import { drive, underWay, type Driven } from "./faults/drive";
import { writePictures } from "./faults/importScene";
import { killOf, type Kill, type KillKind, type Trouble } from "./faults/kill";
import { readFaultOptions, USAGE, type FaultOptions } from "./faults/options";
import {
  differences,
  keptNow,
  lost,
  storedFacts,
  type Kept,
  type StoredFacts,
} from "./faults/storedRun";
import { isSmallDisk, makeTrouble } from "./faults/trouble";
import { openBrowser } from "./headless/browser";
import { studioDb } from "./headless/pageDb";
import { shownFailure } from "./headless/studioPage";

interface Tab {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly origin: string;
  readonly profile: string;
}

async function openTab(profile: string, served: string): Promise<Tab> {
  const { context, origin } = await openBrowser({ profile, backend: "wasm" }, served);
  return { context, page: await newPage(context), origin, profile };
}

async function newPage(context: BrowserContext): Promise<Page> {
  const page = context.pages()[0] ?? (await context.newPage());
  page.on("dialog", (dialog) => void dialog.accept().catch(() => undefined)); // "leave this page?"
  return page;
}

/** Ends the tab, as it is asked for. @returns what the next life starts in; null when the browser is gone */
async function kill(kind: KillKind, { context, page, origin, profile }: Tab): Promise<Tab | null> {
  switch (kind) {
    case "browser": {
      const closed = context.waitForEvent("close", { timeout: 0 });
      execFileSync("pkill", ["-KILL", "-f", `user-data-dir=${profile}`]);
      await closed;
      return null;
    }
    case "tab": {
      const next = await context.newPage(); // or the browser would end with its last tab
      await page.close();
      next.on("dialog", (dialog) => void dialog.accept().catch(() => undefined));
      return { context, page: next, origin, profile };
    }
    case "reload":
      await page.goto("about:blank");
      return { context, page, origin, profile };
  }
}

async function factsOf(page: Page, runId: string): Promise<StoredFacts> {
  return storedFacts(await studioDb(page), runId);
}

/** One run from its first byte to the end of its analysis, without a kill. */
async function undisturbed(
  profile: string,
  served: string,
  pictures: string,
): Promise<StoredFacts> {
  const tab = await openTab(profile, served);
  try {
    const unheard: Driven = { onOpened: () => Promise.resolve(), onUnderWay: () => undefined };
    const runId = await drive(
      tab.page,
      tab.origin,
      pictures,
      unheard,
      new AbortController().signal,
    );
    return await factsOf(tab.page, runId);
  } finally {
    await tab.context.close();
  }
}

/** After so long a page that is asked what is stored no longer answers. */
const ANSWER_MS = 5000;

async function keptOf(page: Page): Promise<Kept | null> {
  const asked = studioDb(page).then(keptNow, () => null);
  return Promise.race([asked.catch(() => null), sleep(ANSWER_MS, null, { ref: false })]);
}

interface Life {
  /** The run's id when it came to its end before the kill. */
  readonly runId: string | null;
  /** Keeps what drove it from acting on what comes after it. */
  readonly end: () => Promise<unknown>;
}

/** Trouble, for its time; what it does to the page is seen by who drives it. */
async function suffer({ kind, afterMs, forMs, pick }: Trouble, tab: Tab): Promise<void> {
  await sleep(afterMs);
  const right = await makeTrouble(kind, tab, pick);
  await sleep(forMs);
  await right();
}

/**
 * Lives until the kill comes. A run that fails after trouble waits for it: the next life goes on from there.
 * @param next null: no kill comes
 */
async function live(
  tab: Tab,
  pictures: string,
  next: Kill | null,
  onOpened: Driven["onOpened"],
): Promise<Life> {
  const { page, origin } = tab;
  let start: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (start = resolve));
  const ending = new AbortController();
  const driven = drive(
    page,
    origin,
    pictures,
    { onOpened, onUnderWay: () => start() },
    ending.signal,
  );
  const ended = driven.catch(() => undefined); // the kill ends it
  const killed = begun.then(() => sleep(next?.afterMs ?? 0)).then(() => null);
  const trouble = next?.trouble ?? null;
  const suffered = trouble && begun.then(() => suffer(trouble, tab)).catch(() => undefined); // the tab may be gone
  const outcome = trouble ? driven.catch(() => killed) : driven;
  const runId = await (next === null ? driven : Promise.race([outcome, killed]));
  await suffered;
  const end = () => {
    ending.abort();
    return ended;
  };
  return { runId, end };
}

async function main(options: FaultOptions): Promise<number> {
  await mkdir(options.out, { recursive: true });
  if (options.trouble === "disk full" && !(await isSmallDisk(options.out))) {
    throw new StudioError("BAD_CONFIG", `${options.out} is on a large disk.`, USAGE);
  }
  await ensureBuilt();
  const server = await serveBuilt();
  const campaign = openCampaign(options.out, options.seed);
  const pictures = writePictures(options.out);
  if (!campaign.now().expected) {
    campaign.forget("whole");
    campaign.change({
      expected: await undisturbed(campaign.profile("whole"), server.url, pictures),
    });
  }
  let tab: Tab | null = null;
  const killsOfRun = () =>
    campaign.now().rounds.length - campaign.now().runs.reduce((sum, { kills }) => sum + kills, 0);
  while (campaign.now().rounds.length < options.rounds || killsOfRun() > 0) {
    const { rounds, runs, expected } = campaign.now();
    const round = rounds.length;
    // a life that came to its end before its kill is followed by one with another
    const next = killOf(options.seed, round + runs.length, options.trouble);
    tab ??= await openTab(campaign.profile("cut"), server.url);
    const isLast = round >= options.rounds;
    const { runId, end } = await live(tab, pictures, isLast ? null : next, async (db) => {
      const before = killsOfRun() > 0 ? rounds.at(-1) : undefined;
      if (!before?.kept) return;
      const found = lost(before.kept, await keptNow(db));
      if (found.length === 0) return;
      process.stdout.write(`kill ${round}: lost ${found.join("; ")}\n`);
      campaign.change({ rounds: [...rounds.slice(0, -1), { ...before, lost: found }] });
    });
    if (runId !== null && expected) {
      const found = differences(expected, await factsOf(tab.page, runId));
      campaign.change({ runs: [...runs, { kills: killsOfRun(), differences: found }] });
      process.stdout.write(`run ${runs.length + 1}: ${found.join("; ") || "equal"}\n`);
      await tab.context.close();
      tab = null;
      campaign.forget("cut");
      continue;
    }
    const phase = await underWay(tab.page);
    const said = (await shownFailure(tab.page)) ?? null;
    const kept = await keptOf(tab.page);
    tab = await kill(next.kind, tab);
    await end();
    const ended: Round = { round, ...next, phase, said, kept, lost: [] };
    campaign.change({ rounds: [...campaign.now().rounds, ended] });
    const before = next.trouble ? `, before that ${next.trouble.kind}` : "";
    const failed = said === null ? "" : `: ${said}`;
    process.stdout.write(
      `kill ${round + 1}: ${next.kind} after ${next.afterMs} ms, ${phase}${before}${failed}\n`,
    );
  }
  await server.close();
  const report = reportOf(campaign.now());
  writeFileSync(join(options.out, `report-${options.seed}.md`), `${report}\n`);
  process.stdout.write(`${report}\n`);
  const { runs, rounds } = campaign.now();
  const isWhole = runs.every((run) => run.differences.length === 0);
  return isWhole && rounds.every((round) => round.lost.length === 0) ? 0 : 1;
}

try {
  const options = readFaultOptions(process.argv.slice(2));
  if (options) process.exit(await main(options));
  process.stdout.write(`${USAGE}\n`);
} catch (thrown) {
  if (!(thrown instanceof StudioError)) throw thrown;
  process.stderr.write(`${thrown.code}: ${thrown.message}\n${thrown.hint}\n`);
  process.exit(1);
}
