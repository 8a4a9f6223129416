import type { CheckPlaces } from "./places";
import { shareOf } from "./share";

/** What a stage was given and how it ended; its own figures come beside these. */
export interface StageReport {
  readonly stage: StageName;
  /** "incomplete": the time ran out, or something it needs is not here; `problem` says what. */
  readonly status: "running" | "done" | "incomplete" | "failed";
  readonly problem?: string;
  /** The adapter's name, on every file that holds a timing. */
  readonly adapter?: string;
  readonly seconds: number;
}

/** What a stage works with. Each runs in a process of its own, so that a crash ends that stage alone. */
export interface StageContext {
  readonly places: CheckPlaces;
  /** Where results go. */
  readonly out: string;
  /** The Vulkan driver to use: "default" for whatever the system has, or one named in scripts/node/adapters.ts. */
  readonly adapter: string;
  /** Milliseconds of `clockMs` at which the stage should have ended. */
  readonly deadlineMs: number;
  readonly clockMs: () => number;
  /** Replaces what this stage's file says of its figures; what was written stays when the process dies. */
  readonly write: (figures: object) => void;
  /** One line for the person who waits. */
  readonly log: (line: string) => void;
}

/** How a stage ended; thrown errors are "failed". */
export interface StageEnd {
  readonly status: "done" | "incomplete";
  readonly problem?: string;
}

export interface Stage {
  readonly title: string;
  /** Share of the budget, before what earlier stages left over. */
  readonly weight: number;
  readonly run: (context: StageContext) => Promise<StageEnd>;
  /** What a person reads of this stage's file; figures may be missing where it ended early. */
  readonly lines: (figures: Figures) => readonly string[];
}

/** A stage's file as it was written: what is in it is up to the stage. */
export type Figures = Readonly<Record<string, unknown>>;

/** In the order they run; the letter is the first of their file's name. */
export const STAGE_NAMES = [
  "adapter",
  "right",
  "ceilings",
  "steps",
  "evidence",
  "browser",
] as const;
export type StageName = (typeof STAGE_NAMES)[number];

/** "b-right.json": listed in a folder, the files are in the order of the stages. */
export const stageFile = (stage: StageName): string =>
  `${"abcdef"[STAGE_NAMES.indexOf(stage)]}-${stage}.json`;

/** Milliseconds a stage may take: its weight's share of what is left among the wanted stages that have not run. */
export const shareMs = (
  stage: StageName,
  weights: Readonly<Record<StageName, number>>,
  wanted: readonly StageName[],
  leftMs: number,
): number =>
  shareOf(
    wanted.map((name) => weights[name]),
    wanted.indexOf(stage),
    leftMs,
  );
