import { randomUniform } from "../../src/common/math/rng";
import { TROUBLES, type TroubleKind } from "./trouble";

/** How a tab goes: the browser's process is killed, the tab is closed, or it is loaded anew. */
export const KILLS = ["browser", "tab", "reload"] as const;
export type KillKind = (typeof KILLS)[number];

/** What befalls a life before its kill. */
export interface Trouble {
  readonly kind: TroubleKind;
  /** Milliseconds after something is under way; over before the kill. */
  readonly afterMs: number;
  readonly forMs: number;
  /** In [0, 1): chooses where there is a choice. */
  readonly pick: number;
}

/** When the next kill comes, and how. */
export interface Kill {
  readonly kind: KillKind;
  /** Milliseconds after something is under way. */
  readonly afterMs: number;
  /** Every second life has none. */
  readonly trouble: Trouble | null;
}

const pickOf = <T>(all: readonly T[], uniform: number): T | undefined =>
  all[Math.min(all.length - 1, Math.floor(uniform * all.length))];

const SOONEST_MS = 300;
const LATEST_MS = 30_000;
/** Of the time to the kill: before trouble, and its length. */
const TROUBLE_AFTER = 0.3;
const TROUBLE_FOR = 0.3;
const LONGEST_TROUBLE_MS = 5000;

/**
 * The kill of the campaign's life of this number; the same for the same seed. Soon ones are as frequent as late ones.
 * @param only the only kind of trouble; null: all
 */
export function killOf(seed: number, life: number, only: TroubleKind | null = null): Kill {
  const drawn = randomUniform({ seed, stream: "faults", index: life }, 4);
  const [which = 0, when = 0, what = 0, pick = 0] = drawn;
  // uniform in the logarithm: some come at once, some after a run has been through everything
  const afterMs = Math.round(SOONEST_MS * (LATEST_MS / SOONEST_MS) ** when);
  const kind = only ?? pickOf(TROUBLES, what);
  const forMs = Math.round(Math.min(LONGEST_TROUBLE_MS, TROUBLE_FOR * afterMs));
  const trouble = { afterMs: Math.round(TROUBLE_AFTER * afterMs), forMs, pick };
  return {
    ...{ kind: pickOf(KILLS, which) ?? "browser", afterMs },
    trouble: life % 2 === 0 || !kind ? null : { kind, ...trouble },
  };
}
