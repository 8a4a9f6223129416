import type { Experiment, TimelineEntry } from "../../common/config/experiment";
import type { ConfigIssue } from "../../common/config/validate";
import type { Failure } from "../../common/errors/studioError";
import type { CacheCostEstimate } from "../../common/protocol/features";
import type { SetPart } from "./setPart";

/** A share link, a file of the same contents, or a command of the reference's trainer, as opened. Nothing is run or downloaded before the user says so. */
export interface PendingLink {
  readonly from: "link" | "file" | "command";
  /** The settings that could be read, with defaults for the rest; null when none could. */
  readonly experiment: Experiment | null;
  readonly timeline: readonly TimelineEntry[];
  /** Settings that could not be taken, by field (an empty path is the link as a whole). */
  readonly issues: readonly ConfigIssue[];
  /** What running it would compute and store; null until known. */
  readonly costEstimate: CacheCostEstimate | null;
  /** Why there is no cost estimate, for example imported images that are not here. */
  readonly failure: Failure | null;
  /** The repro card differs from this page's data or code: the numbers may differ too. */
  readonly mismatch: string | null;
}

export interface LinkSlice {
  readonly link: PendingLink | null;
  /** Why what is shown has no link, while a file is offered in its place; null else. */
  readonly unlinkable: Failure | null;
  readonly offerLink: (link: PendingLink) => void;
  readonly setLinkCostEstimate: (costEstimate: CacheCostEstimate) => void;
  readonly failLink: (failure: Failure) => void;
  readonly clearLink: () => void;
  readonly setUnlinkable: (failure: Failure | null) => void;
}

export const createLinkSlice = (
  set: SetPart<Pick<LinkSlice, "link" | "unlinkable">>,
): LinkSlice => ({
  link: null,
  unlinkable: null,
  offerLink: (link) => set({ link }),
  setLinkCostEstimate: (costEstimate) =>
    set(({ link }) => ({ link: link && { ...link, costEstimate } })),
  failLink: (failure) => set(({ link }) => ({ link: link && { ...link, failure } })),
  clearLink: () => set({ link: null }),
  setUnlinkable: (unlinkable) => set({ unlinkable }),
});
