import { decodeRunFile, encodeRunFile, runFileRefusal } from "../../common/config/runFile";
import type { SharedRun } from "../../common/config/sharedRun";
import { decodeLink, encodeLink } from "../../common/config/urlCodec";
import { validateExperiment, type ConfigIssue } from "../../common/config/validate";
import { StudioError, toFailure, type Failure } from "../../common/errors/studioError";
import type { RunRecord } from "../../common/storage/db";
import type { PendingLink } from "../store/linkSlice";
import type { StudioState } from "../store/studioStore";
import type { View } from "../store/viewSlice";

const LINK_PREFIX = "#/run";
/** The training view has the address without any. */
const VIEW_ADDRESSES: readonly (readonly [View, string])[] = [
  ["compare", "#/compare"],
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

/** What was read of a link or a file, with the issues of what could not be. Nothing is started. */
function pending(
  from: PendingLink["from"],
  codeVersion: string,
  read: () => ReturnType<typeof decodeLink>,
): PendingLink {
  const nothing = { from, timeline: [], costEstimate: null, failure: null, mismatch: null };
  try {
    const { experiment, timeline, card, issues } = read();
    const all: readonly ConfigIssue[] = [...issues, ...validateExperiment(experiment, timeline)];
    const differs = card.codeVersion !== undefined && card.codeVersion !== codeVersion;
    const mismatch = differs
      ? `Made with version ${card.codeVersion ?? ""}; this is ${codeVersion}. Numbers may differ.`
      : null;
    return { ...nothing, experiment, timeline, issues: all, mismatch };
  } catch (thrown) {
    const { message, hint } = toFailure(thrown);
    const text = thrown instanceof StudioError ? `${message} ${hint}` : message;
    return { ...nothing, experiment: null, issues: [{ path: "", message: text }] };
  }
}

export const pendingLink = (hash: string, codeVersion: string): PendingLink =>
  pending("link", codeVersion, () => decodeLink(hash));

/** The same of a file that was chosen or dropped. */
export async function pendingFile(
  file: Pick<File, "size" | "text">,
  codeVersion: string,
): Promise<PendingLink> {
  const refusal = runFileRefusal(file.size);
  const text = refusal ? null : await file.text().catch((thrown: unknown) => toError(thrown));
  return pending("file", codeVersion, () => {
    if (refusal) throw refusal;
    if (typeof text !== "string") throw text ?? new Error("nothing was read");
    return decodeRunFile(text);
  });
}

/** The same of a command line of the reference's trainer; its parser comes when one is pasted. */
export async function pendingCommand(text: string, codeVersion: string): Promise<PendingLink> {
  const { fromRepaArgs } = await import("../../common/config/repaArgs");
  return pending("command", codeVersion, () => ({ timeline: [], card: {}, ...fromRepaArgs(text) }));
}

const toError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));

/** What is shown, to be shared: the run with its timeline, or the edited experiment with its scheduled changes. */
export function shownRun(
  { run, experiment }: Pick<StudioState, "run" | "experiment">,
  codeVersion: string,
  record: RunRecord | undefined,
): SharedRun {
  const card = { codeVersion, ...(record?.datasetHash ? { datasetHash: record.datasetHash } : {}) };
  return run.experiment
    ? { experiment: run.experiment, timeline: run.timeline, card }
    : { experiment: experiment.value, timeline: experiment.scheduled, card };
}

/**
 * Why a link or a file does not repeat a run: it is a fork with settings that no timeline can tell. Null for every other.
 * @param what is shared
 */
export function repeatsNot(what: "link" | "file", record: RunRecord | undefined): Failure | null {
  if (record?.parent?.repeatable !== false) return null;
  return {
    code: "BAD_CONFIG",
    message: `This run is a fork with settings that hold from step ${record.parent.step + 1} on, or a fork of one. The ${what} gives them to all steps, from the first on: it does not repeat the run.`,
    hint: "Changes of live settings alone are repeated: they stand in the timeline.",
  };
}

/**
 * The share link of a run.
 * @throws StudioError BAD_LINK when it would not be read again
 */
export const shareLink = (shared: SharedRun, address: URL): string =>
  new URL(encodeLink(shared), address).href;

/** A name as words that any disk takes; `otherwise` where none are left. */
export function fileWords(name: string, otherwise: string): string {
  const words = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  return words === "" ? otherwise : words;
}

/** The same as a file, which holds any timeline. */
export function shareFile(shared: SharedRun, name: string): { blob: Blob; name: string } {
  const blob = new Blob([encodeRunFile(shared)], { type: "application/json" });
  return { blob, name: `repa-studio-${fileWords(name, "experiment")}.json` };
}
