import type { Experiment } from "../../../common/config/experiment";
import type { CacheBill } from "../../../common/protocol/features";
import type { Outcome } from "../../../common/protocol/shared";
import type { StudioStore } from "../../store/studioStore";

/** A pause in editing after which the bill is worth asking for. */
const SETTLE_MS = 600;

/** The settings a bill depends on. */
const costKey = ({ data, autoencoder, model, alignment, evaluation }: Experiment): string =>
  JSON.stringify([data, autoencoder, model.patchSize, alignment.encoders, evaluation.space]);

/**
 * Keeps the store's bill that of the edited experiment, so that what a run will compute and store is seen
 * before it starts. A bill that cannot be had is left out: pressing Train says why.
 * @returns stops watching
 */
export function watchBill(
  store: StudioStore,
  bill: (experiment: Experiment) => Promise<Outcome<CacheBill>>,
  isActive: () => boolean,
): () => void {
  let asked = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = async () => {
    const experiment = store.getState().experiment.value;
    const key = costKey(experiment);
    if (isActive() || key === asked) return;
    asked = key;
    const outcome = await bill(experiment);
    if (key === asked) store.getState().setBill(outcome.ok ? outcome.value : null);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), SETTLE_MS);
  };
  later();
  const unsubscribe = store.subscribe((state, before) => {
    if (state.run.phase !== before.run.phase) asked = ""; // a run fills caches: what is missing changes
    if (state.experiment.value !== before.experiment.value || asked === "") later();
  });
  return () => {
    clearTimeout(timer);
    unsubscribe();
  };
}
