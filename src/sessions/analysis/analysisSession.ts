import { wrap, type Remote } from "comlink";
import type { AnalysisApi } from "../../common/protocol/analysis";
import type { MetricsApi } from "../../common/protocol/metrics";
import { runAnalysis } from "./analysis";
import { createCancellableCalls } from "../common/cancellableCalls";
import { createCheckpointFiles } from "./checkpointFiles";
import type { SessionEnvironment } from "../common/environment";
import { askMetrics } from "../metrics/metricsLine";
import { outcomeOf } from "../common/outcome";

/** The analysis worker: looks into checkpoints, one analysis after the other. */
export function createAnalysisSession(environment: SessionEnvironment): AnalysisApi {
  const line = createCancellableCalls("The analysis");
  const files = createCheckpointFiles();
  let metrics: Remote<MetricsApi> | undefined;
  const ask = askMetrics(() => metrics);
  return {
    connectMetrics: (port) => {
      metrics = wrap<MetricsApi>(port);
      return Promise.resolve();
    },
    openCheckpoint: (name, bytes) => outcomeOf(() => files.open(name, bytes)),
    closeCheckpoint: (fileId) => {
      files.close(fileId);
      return Promise.resolve();
    },
    analyse: (request, onEvent) =>
      line.call(async (assertWanted) => {
        const { held } = files;
        await runAnalysis({ environment, request, onEvent, files: held, ask, assertWanted });
        return null;
      }),
    cancel: () => {
      line.cancel();
      void metrics?.cancel();
      return Promise.resolve();
    },
  };
}
