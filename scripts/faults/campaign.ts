import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Kill } from "./kill";
import type { Kept, StoredFacts } from "./storedRun";

/** A kill that happened, and what the page said at that moment. */
export interface Round extends Kill {
  readonly round: number;
  readonly phase: string;
  /** What the page said was wrong; null where nothing was. */
  readonly said: string | null;
  /** What was stored just before; null when nothing was, or the page no longer said. */
  readonly kept: Kept | null;
  /** What of that the next life did not find. */
  readonly lost: readonly string[];
}

/** A run that came to its end however often it was cut. */
export interface CutRun {
  readonly kills: number;
  /** From an undisturbed run; none is what is hoped for. */
  readonly differences: readonly string[];
}

/** A campaign as it is kept between two commands. */
export interface Campaign {
  readonly seed: number;
  /** Of the undisturbed run; null until it was done. */
  readonly expected: StoredFacts | null;
  readonly rounds: readonly Round[];
  readonly runs: readonly CutRun[];
}

/** Where a campaign is kept. Its folder is a scratch folder of this script, which wrote whatever it reads there. */
export function openCampaign(folder: string, seed: number) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `campaign-${seed}.json`);
  const empty: Campaign = { seed, expected: null, rounds: [], runs: [] };
  let campaign = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Campaign) : empty;
  const profile = (name: string) => resolve(folder, `${name}-${seed}`);
  return {
    now: () => campaign,
    change: (part: Partial<Campaign>) => {
      campaign = { ...campaign, ...part };
      writeFileSync(`${file}.new`, JSON.stringify(campaign, null, 1));
      renameSync(`${file}.new`, file); // whole, or as it was
    },
    /** The browser's profile: what a killed run leaves is in it. */
    profile,
    forget: (name: string) => rmSync(profile(name), { recursive: true, force: true }),
  };
}

/** Counts of kills by what was under way, and what came of the runs. */
export function reportOf({ seed, rounds, runs }: Campaign): string {
  const counts = new Map<string, number>();
  for (const { phase, kind } of rounds) {
    const key = `${phase} | ${kind}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const rows = [...counts].sort().map(([key, count]) => `| ${key} | ${count} |`);
  const troubles = new Map<string, number>();
  for (const { trouble, said } of rounds) {
    if (!trouble) continue;
    const key = `${trouble.kind} | ${said ?? "nothing"}`;
    troubles.set(key, (troubles.get(key) ?? 0) + 1);
  }
  const held = rounds.filter(({ kept }) => kept !== null);
  const losses = rounds.filter((round) => round.lost.length > 0);
  const bad = runs.filter(({ differences }) => differences.length > 0);
  return [
    `${rounds.length} kills (seed ${seed}), ${runs.length} runs came to their end, ${bad.length} of them other than an undisturbed one.`,
    ...bad.map(({ kills, differences }) => `- after ${kills} kills: ${differences.join("; ")}`),
    `Stored before a kill and not there after it: ${losses.length} of ${held.length} kills with a run stored.`,
    ...losses.map((round) => `- kill ${round.round + 1}: ${round.lost.join("; ")}`),
    "",
    "| under way | kill | rounds |",
    "| --- | --- | --- |",
    ...rows,
    "",
    "| before that | the page said | rounds |",
    "| --- | --- | --- |",
    ...[...troubles].sort().map(([key, count]) => `| ${key} | ${count} |`),
  ].join("\n");
}
