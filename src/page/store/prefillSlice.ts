import type { Failure } from "../../common/errors/studioError";
import type { CacheCostEstimate } from "../../common/protocol/features";
import type { SetPart } from "./setPart";

/** Filling caches without training: the Data view's "Prefill caches". */
export interface PrefillState {
  /** For the encoders chosen there; null until the features worker has replied. */
  readonly costEstimate: CacheCostEstimate | null;
  readonly status: "idle" | "running" | "paused" | "done" | "failed";
  readonly failure: Failure | null;
}

export interface PrefillSlice {
  readonly prefill: PrefillState;
  readonly setPrefillCostEstimate: (costEstimate: CacheCostEstimate | null) => void;
  readonly setPrefill: (status: PrefillState["status"]) => void;
  readonly failPrefill: (failure: Failure) => void;
}

/** Seconds until every cache is full; null when the rate of a missing one was never measured on this device. */
export function estimatedSeconds({ items }: CacheCostEstimate): number | null {
  const missing = items.filter(({ bytes, cachedBytes }) => bytes > cachedBytes);
  return missing.reduce<number | null>(
    (sum, { seconds }) => (sum === null || seconds === null ? null : sum + seconds),
    0,
  );
}

export const createPrefillSlice = (set: SetPart<Pick<PrefillSlice, "prefill">>): PrefillSlice => {
  const patch = (part: Partial<PrefillState>) =>
    set(({ prefill }) => ({ prefill: { ...prefill, ...part } }));
  return {
    prefill: { costEstimate: null, status: "idle", failure: null },
    setPrefillCostEstimate: (costEstimate) => patch({ costEstimate }),
    setPrefill: (status) => patch({ status, failure: null }),
    failPrefill: (failure) => patch({ status: "failed", failure }),
  };
};
