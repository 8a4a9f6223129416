import type { AnalysisApi } from "../../common/protocol/analysis";
import { runAnalysis } from "./analysis";
import { createCancellableCalls } from "../common/cancellableCalls";
import { createCheckpointFiles } from "./checkpointFiles";
import { createDrawnSamples } from "./drawnSamples";
import type { SessionEnvironment } from "../common/environment";
import { askMetrics, openMetricsLine, type MetricsLine } from "../metrics/metricsLine";
import { outcomeOf } from "../common/outcome";

/** The analysis worker: looks into checkpoints, one analysis after the other. */
export function createAnalysisSession(environment: SessionEnvironment): AnalysisApi {
  const line = createCancellableCalls("The analysis");
  const files = createCheckpointFiles();
  const drawn = createDrawnSamples();
  let metrics: MetricsLine | undefined;
  const ask = askMetrics(() => metrics);
  return {
    connectMetrics: (port) => {
      metrics = openMetricsLine(port, environment.wait);
      return Promise.resolve();
    },
    loseMetrics: (failure) => {
      metrics?.lose(failure);
      return Promise.resolve();
    },
    openCheckpoint: (name, bytes, settings) => outcomeOf(() => files.open(name, bytes, settings)),
    closeCheckpoint: (fileId) => {
      files.close(fileId);
      return Promise.resolve();
    },
    analyse: (request, onEvent) =>
      line.call(async (assertWanted) => {
        const { held } = files;
        const inputs = { environment, request, onEvent, files: held, ask, drawn, assertWanted };
        await runAnalysis(inputs);
        return null;
      }),
    cancel: () => {
      line.cancel();
      metrics?.use((api) => api.cancel()).catch(() => undefined); // gone: nothing is under way
      return Promise.resolve();
    },
  };
}
