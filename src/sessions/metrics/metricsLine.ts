import { proxy, transfer, wrap, type Remote } from "comlink";
import { fromFailure, StudioError, type Failure } from "../../common/errors/studioError";
import type { FeatureRows, MetricsApi, OnProgress } from "../../common/protocol/metrics";
import type { Outcome } from "../../common/protocol/shared";

/** Told how much of something is done, 0 to 1. */
export type OnShare = (share: number) => void;

/** Calls the metrics worker. @throws the failure it returns; WORKER_FAILED without a connection to it */
export type AskMetrics = <T>(
  use: (api: Remote<MetricsApi>, onProgress: OnProgress) => Promise<Outcome<T>>,
  report: OnShare,
) => Promise<T>;

/** A connection to the metrics worker on which every call ends. */
export interface MetricsLine {
  /**
   * Does one call.
   * @throws StudioError WORKER_FAILED, at once and at every later call, when the worker is gone; what the call throws
   */
  readonly use: <T>(call: (api: Remote<MetricsApi>) => Promise<T>) => Promise<T>;
  /** Whoever started the worker says that it is gone: calls under way end with this failure. */
  readonly lose: (failure: Failure) => void;
}

/** Twice as long without an answer, and the worker counts as gone. Its longest task without a pause takes seconds. */
const PING_MS = 30_000;

const silent = () =>
  new StudioError(
    "WORKER_FAILED",
    `The metrics worker has not answered for ${(2 * PING_MS) / 1000} seconds.`,
    "Stop the run and resume it: figures of its last checkpoint's step are made up then.",
  );

/**
 * Comlink leaves calls to a worker that is gone pending for ever. While calls are under way the worker is asked, between
 * its slices of arithmetic, whether it is there. Two questions are left open before it counts as gone: a machine that
 * slept wakes with the first one's time over.
 * @param wait milliseconds
 */
export function openMetricsLine(
  port: MessagePort,
  wait: (ms: number) => Promise<void>,
): MetricsLine {
  const api = wrap<MetricsApi>(port);
  let lost: StudioError | undefined;
  let onLost: (reason: StudioError) => void = () => undefined;
  const gone = new Promise<StudioError>((resolve) => (onLost = resolve));
  let underWay = 0;
  let watching = false;
  let asked = 0;
  let answered = 0;
  const lose = (reason: StudioError) => {
    lost ??= reason;
    onLost(lost);
  };

  async function watch(): Promise<void> {
    if (watching) return;
    watching = true;
    while (underWay > 0 && !lost) {
      asked++;
      void api.ping().then(() => answered++);
      await wait(PING_MS);
      if (answered < asked) await wait(PING_MS);
      if (answered < asked && underWay > 0) lose(silent());
    }
    watching = false;
  }

  return {
    use: async (call) => {
      if (lost) throw lost;
      underWay++;
      void watch();
      try {
        const answer = await Promise.race([
          call(api).then((value) => ({ value })),
          gone.then((reason) => ({ reason })),
        ]);
        if ("reason" in answer) throw answer.reason;
        return answer.value;
      } finally {
        underWay--;
      }
    },
    lose: (failure) => lose(fromFailure(failure)),
  };
}

export const askMetrics =
  (metrics: () => MetricsLine | undefined): AskMetrics =>
  async (use, report) => {
    const line = metrics();
    if (!line) {
      throw new StudioError(
        "WORKER_FAILED",
        "The metrics worker cannot be reached.",
        "Reload the page; what was measured is kept.",
      );
    }
    const onProgress = proxy((done: number, all: number) => report(done / all));
    const outcome = await line.use((api) => use(api, onProgress));
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
