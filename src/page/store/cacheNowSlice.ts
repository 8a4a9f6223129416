import type { Failure } from "../../common/errors/studioError";
import type { CacheBill } from "../../common/protocol/features";
import type { SetPart } from "./setPart";

/** Filling caches without training: the Data view's "Cache now". */
export interface CacheNowState {
  /** Of the encoders chosen there; null until the worker answered. */
  readonly bill: CacheBill | null;
  readonly status: "idle" | "running" | "paused" | "done" | "failed";
  readonly failure: Failure | null;
}

export interface CacheNowSlice {
  readonly cacheNow: CacheNowState;
  readonly setCacheNowBill: (bill: CacheBill | null) => void;
  readonly setCacheNow: (status: CacheNowState["status"]) => void;
  readonly failCacheNow: (failure: Failure) => void;
}

/** Seconds the missing part of a bill takes; null when some of it was never measured on this device. */
export function billSeconds({ items }: CacheBill): number | null {
  const missing = items.filter(({ bytes, cachedBytes }) => bytes > cachedBytes);
  return missing.reduce<number | null>(
    (sum, { seconds }) => (sum === null || seconds === null ? null : sum + seconds),
    0,
  );
}

export const createCacheNowSlice = (
  set: SetPart<Pick<CacheNowSlice, "cacheNow">>,
): CacheNowSlice => {
  const patch = (part: Partial<CacheNowState>) =>
    set(({ cacheNow }) => ({ cacheNow: { ...cacheNow, ...part } }));
  return {
    cacheNow: { bill: null, status: "idle", failure: null },
    setCacheNowBill: (bill) => patch({ bill }),
    setCacheNow: (status) => patch({ status, failure: null }),
    failCacheNow: (failure) => patch({ status: "failed", failure }),
  };
};
