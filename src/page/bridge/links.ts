import { decodeLink, encodeLink } from "../../common/config/urlCodec";
import { validateExperiment, type ConfigIssue } from "../../common/config/validate";
import { StudioError, toFailure } from "../../common/errors/studioError";
import type { RunRecord } from "../../common/storage/db";
import type { PendingLink } from "../store/linkSlice";
import type { StudioState } from "../store/studioStore";
import type { View } from "../store/viewSlice";

const LINK_PREFIX = "#/run";
/** The training view has the address without any. */
const VIEW_ADDRESSES: readonly (readonly [View, string])[] = [
  ["data", "#/data"],
  ["analyse", "#/analyse"],
];

/** Which view an address shows; a share link opens over the training one. */
export const viewOf = (hash: string): View =>
  VIEW_ADDRESSES.find(([, address]) => address === hash)?.[0] ?? "train";
export const viewAddress = (view: View): string =>
  VIEW_ADDRESSES.find(([other]) => other === view)?.[1] ?? "#/";

/** True when the address holds a share link. */
export const isLink = (hash: string): boolean => hash.startsWith(LINK_PREFIX);

/** The contents of a link, with the issues of what could not be read. Nothing is started. */
export function pendingLink(hash: string, codeVersion: string): PendingLink {
  try {
    const { experiment, timeline, card, issues } = decodeLink(hash);
    const all: readonly ConfigIssue[] = [...issues, ...validateExperiment(experiment, timeline)];
    const differs = card.codeVersion !== undefined && card.codeVersion !== codeVersion;
    const mismatch = differs
      ? `Made with version ${card.codeVersion ?? ""}; this is ${codeVersion}. Numbers may differ.`
      : null;
    return { experiment, timeline, issues: all, costEstimate: null, failure: null, mismatch };
  } catch (thrown) {
    const { message, hint } = toFailure(thrown);
    const issues = [
      { path: "", message: thrown instanceof StudioError ? `${message} ${hint}` : message },
    ];
    return {
      experiment: null,
      timeline: [],
      issues,
      costEstimate: null,
      failure: null,
      mismatch: null,
    };
  }
}

/** The share link of what is shown: the run with its timeline, or the edited experiment. */
export function shareLink(
  state: Pick<StudioState, "run" | "experiment">,
  address: URL,
  codeVersion: string,
  record: RunRecord | undefined,
): string {
  const { run, experiment } = state;
  const shown = run.experiment ?? experiment.value;
  const card = { codeVersion, ...(record?.datasetHash ? { datasetHash: record.datasetHash } : {}) };
  const timeline = run.experiment ? run.timeline : [];
  return new URL(encodeLink({ experiment: shown, timeline, card }), address).href;
}
