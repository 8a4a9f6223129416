import { proxy, transfer, type Remote } from "comlink";
import { fromFailure, StudioError } from "../../common/errors/studioError";
import type { FeatureRows, MetricsApi, OnProgress } from "../../common/protocol/metrics";
import type { Outcome } from "../../common/protocol/shared";

/** Told how much of something is done, 0 to 1. */
export type OnShare = (share: number) => void;

/** Calls the metrics worker. @throws the failure it returns; WORKER_FAILED without a connection to it */
export type AskMetrics = <T>(
  use: (api: Remote<MetricsApi>, onProgress: OnProgress) => Promise<Outcome<T>>,
  report: OnShare,
) => Promise<T>;

export const askMetrics =
  (metrics: () => Remote<MetricsApi> | undefined): AskMetrics =>
  async (use, report) => {
    const api = metrics();
    if (!api) {
      throw new StudioError(
        "WORKER_FAILED",
        "The metrics worker cannot be reached.",
        "Reload the page; what was measured is kept.",
      );
    }
    const onProgress = proxy((done: number, all: number) => report(done / all));
    const outcome = await use(api, onProgress);
    if (!outcome.ok) throw fromFailure(outcome.failure);
    return outcome.value;
  };

/** Features that are transferred instead of copied. Their sender cannot use them after. */
export const movable = (rows: FeatureRows): FeatureRows => transfer(rows, [rows.values.buffer]);

/** Part `index` of `count` of something that is reported as a whole. */
export const partOf =
  (report: OnShare, index: number, count: number): OnShare =>
  (share) =>
    report((index + share) / count);
