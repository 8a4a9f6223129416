import { randomUniform } from "../../src/common/math/rng";

/** How a tab goes: the browser's process is killed, the tab is closed, or it is loaded anew. */
export const KILLS = ["browser", "tab", "reload"] as const;
export type KillKind = (typeof KILLS)[number];

/** When the next kill comes, and how. */
export interface Kill {
  readonly kind: KillKind;
  /** Milliseconds after something is under way. */
  readonly afterMs: number;
}

const SOONEST_MS = 300;
const LATEST_MS = 30_000;

/** The kill of the campaign's life of this number; the same for the same seed. Soon ones are as frequent as late ones. */
export function killOf(seed: number, life: number): Kill {
  const [which = 0, when = 0] = randomUniform({ seed, stream: "faults", index: life }, 2);
  const kind = KILLS[Math.min(KILLS.length - 1, Math.floor(which * KILLS.length))] ?? "browser";
  // uniform in the logarithm: some come at once, some after a run has been through everything
  return { kind, afterMs: Math.round(SOONEST_MS * (LATEST_MS / SOONEST_MS) ** when) };
}
