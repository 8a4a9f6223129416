import { isAnalysing } from "./analysisSlice";
import type { Deletion } from "./deletionsSlice";
import { selectActive } from "./selectors";
import type { StudioState } from "./studioStore";

/** True while what is stored of a kind may be in use, and must not be deleted. */
export const selectInUse =
  ({ kind, key }: Deletion) =>
  (state: StudioState): boolean => {
    const active = selectActive(state);
    switch (kind) {
      case "run":
        return active && state.run.runId === key;
      case "cache":
        return active || state.prefill.status === "running" || isAnalysing(state.analysis.job);
      case "weights":
        return active || state.weights.ask !== null;
      case "dataset":
        return (active && isTrainedOn(state, key)) || state.datasets.job?.status === "running";
      case "unreadable":
        return active;
    }
  };

/** Whether the run shown reads the images of a data set. */
function isTrainedOn({ datasets, run }: StudioState, id: string): boolean {
  const hash = datasets.list?.find((dataset) => dataset.id === id)?.data?.hash;
  return hash !== undefined && run.experiment?.data.imported?.hash === hash;
}
