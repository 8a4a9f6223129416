import { summarize } from "../../../src/engine/bench/statistics";
import type { KernelTime } from "../../../src/engine/bench/variant";
import { StudioError } from "../../../src/common/errors/studioError";
import type { Contestant, OpenedContestant } from "./contestant";
import type { VariantFigures } from "./figures";
import { peakOf, type Peak } from "./peaks";
import { anotherRound, burstSteps } from "./rounds";

/** A variant with what was measured of it so far. */
export interface Entry {
  readonly contestant: Contestant;
  opened: OpenedContestant | undefined;
  start: OpenedContestant["start"] | undefined;
  problem: string | undefined;
  steps: number | undefined;
  readonly stepMs: number[];
  readonly aloneMs: number[];
  readonly hostMs: number[];
  kernels: readonly KernelTime[] | null;
}

export interface TimingSite {
  readonly clockMs: () => number;
  readonly log: (line: string) => void;
  /** After everything that is worth keeping. */
  readonly write: () => void;
}

export const newEntry = (contestant: Contestant): Entry => ({
  contestant,
  opened: undefined,
  start: undefined,
  problem: undefined,
  steps: undefined,
  stepMs: [],
  aloneMs: [],
  hostMs: [],
  kernels: null,
});

function wordsOf(thrown: unknown): string {
  if (thrown instanceof StudioError) return `${thrown.code}: ${thrown.message}`;
  if (!(thrown instanceof Error)) return String(thrown);
  // a read from a lost device is aborted without a word
  return thrown.message || `${thrown.name} without a message, as from a lost device`;
}

/** Ends a variant that failed, so that what it held is free for the others. */
async function fail(entry: Entry, thrown: unknown, { log, write }: TimingSite): Promise<void> {
  entry.problem ??= `failed: ${wordsOf(thrown)}`;
  log(`${entry.contestant.label}: ${entry.problem}`);
  const { opened } = entry;
  entry.opened = undefined;
  await opened?.close().catch(() => undefined); // its first problem is the one to tell
  write();
}

/** Opens variants one after another until `endsMs`; those that come too late are said to. */
export async function openInTurn(
  entries: readonly Entry[],
  endsMs: number,
  site: TimingSite,
): Promise<void> {
  const { clockMs, log, write } = site;
  for (const entry of entries) {
    const { label } = entry.contestant;
    const leftMs = endsMs - clockMs();
    if (leftMs <= 0) {
      entry.problem = "not begun: the time for compiling was over";
      log(`${label}: ${entry.problem}`);
      continue;
    }
    try {
      entry.opened = await entry.contestant.open(leftMs);
      entry.start = entry.opened.start;
      const { compileMs, firstStepMs } = entry.start;
      log(`${label}: first step after ${((compileMs ?? 0) + firstStepMs).toFixed(0)} ms`);
    } catch (thrown) {
      await fail(entry, thrown, site);
    }
    write();
  }
}

/** A first step alone above this needs no second look: bursts of it have one step. */
const SLOW_STEP_MS = 1_000;
const PROBE_STEPS = 3;

/** How long a burst is, once for all rounds. One step may have met a pause of the machine's: a few more tell. */
async function chooseSteps(aloneMs: number, opened: OpenedContestant): Promise<number> {
  if (aloneMs > SLOW_STEP_MS) return burstSteps(aloneMs);
  const { ms } = await opened.burst(PROBE_STEPS);
  return burstSteps(Math.min(aloneMs, ms));
}

/** One variant's part of a round: a step alone, and a burst. */
async function timeOnce(entry: Entry, opened: OpenedContestant): Promise<void> {
  const alone = await opened.burst(1);
  entry.aloneMs.push(alone.ms);
  const steps = (entry.steps ??= await chooseSteps(alone.ms, opened));
  const burst = steps === 1 ? alone : await opened.burst(steps);
  entry.stepMs.push(burst.ms);
  entry.hostMs.push(burst.hostMs);
}

/**
 * Every open variant in turn, round after round, so that whatever slows the machine slows all of them.
 * @returns how many rounds
 */
export async function timeRounds(
  entries: readonly Entry[],
  limits: Parameters<typeof anotherRound>[0],
  site: TimingSite,
): Promise<number> {
  const { clockMs, write } = site;
  let [done, longestMs] = [0, 0];
  while (anotherRound(limits, { done, longestMs, nowMs: clockMs() })) {
    const start = clockMs();
    for (const entry of entries) {
      if (!entry.opened) continue;
      try {
        await timeOnce(entry, entry.opened);
      } catch (thrown) {
        await fail(entry, thrown, site);
      }
    }
    if (!entries.some(({ opened }) => opened)) break;
    longestMs = Math.max(longestMs, clockMs() - start);
    done++;
    write();
  }
  return done;
}

/** GPU time by kernel where a variant tells it, then the end of each; nothing that fails here spoils the times. */
export async function finish(
  entries: readonly Entry[],
  endsMs: number,
  site: TimingSite,
): Promise<void> {
  for (const entry of entries) {
    const { opened, contestant } = entry;
    if (!opened) continue;
    try {
      if (site.clockMs() < endsMs) {
        const times = await opened.kernelTimes?.();
        if (times && times.length > 0) entry.kernels = times;
      }
      await opened.close();
    } catch (thrown) {
      site.log(`${contestant.label}: ${wordsOf(thrown)}`);
    }
    entry.opened = undefined;
    site.write();
  }
}

/** What is written of a variant. @param flops of a step's products */
export function variantFigures(
  entry: Entry,
  flops: number,
  peaks: readonly Peak[],
): VariantFigures {
  const { contestant, problem, start, steps, stepMs, aloneMs, hostMs, kernels } = entry;
  const { id, label, library, precision } = contestant;
  const summary = (values: readonly number[]) => (values.length > 0 ? summarize(values) : null);
  const step = summary(stepMs);
  const gflops = step && flops / step.median / 1e6;
  const peak = peakOf(contestant, peaks);
  return {
    ...{ id, label, library, precision },
    ...(problem !== undefined && { problem }),
    start: start ?? null,
    burstSteps: steps ?? null,
    stepMs: step,
    aloneMs: summary(aloneMs),
    hostMs: summary(hostMs),
    gflops,
    share: gflops !== null && peak ? gflops / peak.gflops : null,
    kernels,
  };
}
