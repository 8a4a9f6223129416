import type { Experiment, TimelineEntry } from "../config/experiment";
import type { CacheBill } from "../protocol/features";
import type { SetPart } from "./setPart";

/** One thing in a link that could not be taken; `path` names the field (empty for the link as a whole). */
export interface LinkIssue {
  readonly path: string;
  readonly message: string;
}

/** A share link as opened. Nothing is run or downloaded before the user says so. */
export interface PendingLink {
  /** What could be read, with defaults for the rest; null when nothing could. */
  readonly experiment: Experiment | null;
  readonly timeline: readonly TimelineEntry[];
  readonly issues: readonly LinkIssue[];
  /** What running it would compute and store; null until known. */
  readonly bill: CacheBill | null;
  /** The repro card differs from this page's data or code: the numbers may differ too. */
  readonly mismatch: string | null;
}

export interface LinkSlice {
  readonly link: PendingLink | null;
  readonly offerLink: (link: PendingLink) => void;
  readonly setLinkBill: (bill: CacheBill) => void;
  readonly clearLink: () => void;
}

export const createLinkSlice = (set: SetPart<Pick<LinkSlice, "link">>): LinkSlice => ({
  link: null,
  offerLink: (link) => set({ link }),
  setLinkBill: (bill) => set(({ link }) => ({ link: link && { ...link, bill } })),
  clearLink: () => set({ link: null }),
});
