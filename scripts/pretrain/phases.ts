import type { ViewStrength } from "./augment";

/** What the views are like up to a share of the training. */
export interface Phase {
  /** The share it ends at; 1 for the last one. */
  readonly until: number;
  readonly views: ViewStrength;
  /** Tokens a view keeps: another random part for each of the two. All are kept at the end, as in use. */
  readonly tokens: number;
  /** Share of the pairs that are the two drawing styles of a concept; the others are views of one drawing. */
  readonly crossStyle: number;
  readonly temperature: number;
}

/** The phase of a step, which has `share` of the training before it. */
export const phaseAt = (before: readonly Phase[], last: Phase, share: number): Phase =>
  before.find(({ until }) => share < until) ?? last;
