import type { EncoderId, Experiment } from "../../../common/config/experiment";
import type { StudioStore } from "../../store/studioStore";
import type { Caching } from "../run/caching";

/** Fills caches without a run, for the Data view. */
export function createPrefillFlow(
  store: StudioStore,
  caching: Pick<Caching, "costEstimateOf" | "cache" | "stopCaching">,
  afterChange: () => void,
) {
  const state = () => store.getState();
  const experiment = (): Experiment => state().experiment.value;
  /** Stands for the newest request: the result of an older one may arrive after it. */
  let newest = {};
  /** Settles when what was started has ended. */
  let filling: Promise<unknown> = Promise.resolve();

  async function costEstimate(encoders: readonly EncoderId[]): Promise<void> {
    const own = {};
    newest = own;
    const outcome = await caching.costEstimateOf(experiment(), { encoders });
    if (newest !== own) return;
    state().setPrefillCostEstimate(outcome.ok ? outcome.value : null);
    if (!outcome.ok) state().failPrefill(outcome.failure);
  }

  async function start(encoders: readonly EncoderId[]): Promise<void> {
    const { status } = state().prefill;
    if (status === "running") return;
    state().setPrefill("running");
    const outcome = caching.cache(experiment(), { encoders });
    filling = outcome;
    const failure = await outcome;
    if (!failure) state().setPrefill("done");
    else if (failure.code === "CANCELLED") state().setPrefill("paused");
    else state().failPrefill(failure);
    await costEstimate(encoders);
    afterChange();
  }

  /** Ends after the shard in flight: a run fills the same caches itself. */
  async function pause(): Promise<void> {
    if (state().prefill.status !== "running") return;
    caching.stopCaching();
    await filling;
  }

  return { costEstimate, start, pause };
}
