import type { ProbeFigures } from "../../common/protocol/analysis";
import type { FeatureRows } from "../../common/protocol/metrics";
import type { AskMetrics, OnShare } from "../metrics/metricsLine";
import type { ProbeImages } from "./probeImages";

/** Which images a probe reads, and how it is trained. */
export interface ProbePlan {
  readonly images: ProbeImages;
  readonly trainCount: number;
  readonly epochs: number;
  readonly seed: number;
}

/** The part of the plan that belongs in a result's key. */
export const probePart = ({ trainCount, epochs, seed }: ProbePlan) => ({
  trainCount,
  epochs,
  seed,
});

/** Linear probe and k-NN of one feature set, by the metrics worker; rows in the order of the probe's images. */
export const askProbe = (
  ask: AskMetrics,
  { images, epochs, seed }: ProbePlan,
  { train, test }: { readonly train: FeatureRows; readonly test: FeatureRows },
  report: OnShare,
): Promise<ProbeFigures> =>
  ask(
    (metrics, onProgress) =>
      metrics.probe(
        {
          train: { features: train, labels: images.trainLabels },
          test: { features: test, labels: images.testLabels },
          classCount: images.classCount,
          epochs,
          seed,
        },
        onProgress,
      ),
    report,
  );
