import type { Experiment, TimelineEntry } from "../../../common/config/experiment";
import type { ExperimentState } from "../../store/experimentSlice";
import type { CacheCostEstimate } from "../../../common/protocol/features";
import type { Outcome } from "../../../common/protocol/shared";
import type { StudioStore } from "../../store/studioStore";

/** The estimate is asked for when nothing was edited for so long. */
const SETTLE_MS = 600;

/** The settings the estimate depends on. */
function costKey({ value, scheduled }: ExperimentState): string {
  const { data, autoencoder, model, alignment, evaluation } = value;
  const later = scheduled.map(({ change }) => change.encoders ?? null);
  return JSON.stringify([
    ...[data, autoencoder, model.patchSize, alignment.encoders, evaluation.space, later],
  ]);
}

/**
 * Keeps `data.costEstimate` up to date with the edited experiment. It becomes null when the worker cannot estimate;
 * pressing Train then says why.
 * @returns stops watching
 */
export function watchCostEstimate(
  store: StudioStore,
  costEstimate: (
    experiment: Experiment,
    timeline: readonly TimelineEntry[],
  ) => Promise<Outcome<CacheCostEstimate>>,
  isActive: () => boolean,
): () => void {
  let asked = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = async () => {
    const { experiment } = store.getState();
    const key = costKey(experiment);
    if (isActive() || key === asked) return;
    asked = key;
    const outcome = await costEstimate(experiment.value, experiment.scheduled);
    if (key === asked) store.getState().setCostEstimate(outcome.ok ? outcome.value : null);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), SETTLE_MS);
  };
  later();
  const unsubscribe = store.subscribe((state, before) => {
    if (state.run.phase !== before.run.phase) asked = ""; // a run fills caches: what is missing changes
    if (state.experiment !== before.experiment || asked === "") later();
  });
  return () => {
    clearTimeout(timer);
    unsubscribe();
  };
}
