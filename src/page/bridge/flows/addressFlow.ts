import type { Experiment, TimelineEntry } from "../../../common/config/experiment";
import { validateExperiment } from "../../../common/config/validate";
import type { SharedRun } from "../../../common/config/sharedRun";
import { StudioError, toFailure } from "../../../common/errors/studioError";
import { getRun } from "../../../common/storage/runs";
import type { PendingLink } from "../../store/linkSlice";
import type { StudioStore } from "../../store/studioStore";
import type { View } from "../../store/viewSlice";
import {
  isLink,
  pendingCommand,
  pendingFile,
  pendingLink,
  repeatsNot,
  shareFile,
  shareLink,
  shownRun,
  viewAddress,
  viewOf,
} from "../links";
import type { Caching } from "../run/caching";
import type { RunLauncher } from "../run/launcher";
import { withDatabase } from "../run/storedRuns";
import { saveFile } from "../saveFile";

interface AddressFlowParts {
  readonly store: StudioStore;
  readonly caching: Pick<Caching, "costEstimate">;
  readonly run: Pick<RunLauncher, "isUnderWay" | "beginRun">;
  /** Lets a run wait for its turn. */
  readonly queue: (experiment: Experiment, timeline: readonly TimelineEntry[]) => void;
  /** Takes a link out of the address. */
  readonly cleanAddress: () => void;
  readonly codeVersion: string;
}

/** What the page's address shows: a view, or a share link over it. */
export function createAddressFlow({
  store,
  caching,
  run,
  queue,
  cleanAddress,
  codeVersion,
}: AddressFlowParts) {
  /** Shows the link in the address, if there is one, and asks what it would cost. */
  function open(): void {
    store.getState().setView(viewOf(location.hash));
    if (isLink(location.hash)) offer(pendingLink(location.hash, codeVersion));
  }

  /** Shows what was opened, and asks what it would cost. */
  function offer(link: PendingLink): void {
    store.getState().offerLink(link);
    if (link.experiment) void estimate(link, link.experiment);
  }

  async function estimate(link: PendingLink, experiment: Experiment): Promise<void> {
    const costEstimate = await caching.costEstimate(experiment, link.timeline);
    if (store.getState().link !== link) return; // another link, or none, is shown by now
    if (costEstimate.ok) store.getState().setLinkCostEstimate(costEstimate.value);
    else store.getState().failLink(costEstimate.failure);
  }

  const dismissLink = () => {
    store.getState().clearLink();
    cleanAddress();
  };

  function runLink(experiment: Experiment, timeline: readonly TimelineEntry[]): void {
    store.getState().loadExperiment(experiment, null, timeline);
    // settings that contradict each other are shown in the form, to be mended and run from there
    if (validateExperiment(experiment, timeline).length > 0) return;
    run.beginRun(experiment, timeline);
  }

  /** What is shown, to be shared, with the hash of the images it was trained on. Says where it will not be repeated. */
  async function shared(what: "link" | "file"): Promise<SharedRun> {
    const { runId } = store.getState().run;
    const record = runId
      ? await withDatabase((db) => getRun(db, runId)).catch(() => undefined)
      : undefined;
    const failure = repeatsNot(what, record);
    if (failure) store.getState().applyRunEvents([{ type: "warning", failure }]);
    return shownRun(store.getState(), codeVersion, record);
  }

  /** The share link of the run shown, or of the edited experiment. @throws StudioError CANCELLED: a file is offered */
  async function copyLink(): Promise<string> {
    const shown = await shared("link");
    try {
      return shareLink(shown, new URL(location.pathname, location.origin));
    } catch (thrown) {
      store.getState().setUnlinkable(toFailure(thrown));
      throw new StudioError("CANCELLED", "There is no link.", "A file is offered in its place.");
    }
  }

  return {
    open,
    dismissLink,
    openLinked: () => {
      const { link } = store.getState();
      dismissLink();
      if (!link?.experiment) return;
      if (run.isUnderWay()) queue(link.experiment, link.timeline);
      else runLink(link.experiment, link.timeline);
    },
    showView: (view: View) => {
      location.hash = viewAddress(view);
    },
    copyLink,
    saveRunFile: async () => {
      const { blob, name } = shareFile(await shared("file"), store.getState().run.name);
      saveFile(blob, name);
    },
    openCommand: async (text: string) => offer(await pendingCommand(text, codeVersion)),
    openRunFile: async (file: File) => offer(await pendingFile(file, codeVersion)),
  };
}
