import type { EncoderId, Experiment } from "../../../common/config/experiment";
import type { StudioStore } from "../../store/studioStore";
import type { Runner } from "../run/runner";

/** Fills caches without a run, for the Data view. */
export function createCacheNow(
  store: StudioStore,
  runner: Pick<Runner, "billOf" | "cache" | "cancelCaching">,
  afterChange: () => void,
) {
  const state = () => store.getState();
  const experiment = (): Experiment => state().experiment.value;
  /** The newest question: the answer to an older one, of other settings, may come after its own. */
  let newest = {};
  /** Settles when what was started has ended. */
  let filling: Promise<unknown> = Promise.resolve();

  async function bill(encoders: readonly EncoderId[]): Promise<void> {
    const own = {};
    newest = own;
    const outcome = await runner.billOf(experiment(), { encoders });
    if (newest !== own) return;
    state().setCacheNowBill(outcome.ok ? outcome.value : null);
    if (!outcome.ok) state().failCacheNow(outcome.failure);
  }

  async function start(encoders: readonly EncoderId[]): Promise<void> {
    const { status } = state().cacheNow;
    if (status === "running") return;
    state().setCacheNow("running");
    const outcome = runner.cache(experiment(), { encoders });
    filling = outcome;
    const failure = await outcome;
    if (!failure) state().setCacheNow("done");
    else if (failure.code === "CANCELLED") state().setCacheNow("paused");
    else state().failCacheNow(failure);
    await bill(encoders);
    afterChange();
  }

  /** Ends after the shard in flight: a run fills the same caches itself. */
  async function pause(): Promise<void> {
    if (state().cacheNow.status !== "running") return;
    runner.cancelCaching();
    await filling;
  }

  return { bill, start, pause };
}
