import { transfer } from "comlink";
import { StudioError } from "../../common/errors/studioError";
import type { LabelledFeatures } from "../../engine/metrics/labelled";
import { layerAlignmentWork } from "../../engine/metrics/layerAlignment";
import { toMatrix, type Matrix } from "../../engine/metrics/matrix";
import { featureColoursWork } from "../../engine/metrics/pcaColours";
import { probeFeaturesWork } from "../../engine/metrics/probeFeatures";
import { realReferenceWork, type RealReference } from "../../engine/metrics/realReference";
import {
  sampleBatteryWork,
  sampleReferenceWork,
  type SampleFeatures,
  type SampleReference,
} from "../../engine/metrics/sampleBattery";
import { spatialScore } from "../../engine/metrics/spatialScore";
import type { Work } from "../../engine/metrics/work";
import type {
  FeatureRows,
  LabelledRows,
  MetricsApi,
  OnProgress,
  SpaceFeatures,
  TokenMaps,
} from "../../common/protocol/metrics";
import type { Outcome } from "../../common/protocol/shared";
import { createCancellableCalls } from "../common/cancellableCalls";
import { runInTurns, type TurnTools } from "./runInTurns";

const matrixOf = ({ values, count, width }: FeatureRows): Matrix => toMatrix(values, count, width);

const labelledOf = ({ features, labels }: LabelledRows): LabelledFeatures => ({
  features: matrixOf(features),
  labels,
});

const sampleFeaturesOf = ({ pooled, spatial, logits }: SpaceFeatures): SampleFeatures => ({
  pooled: matrixOf(pooled),
  spatial: spatial && matrixOf(spatial),
  logits: logits && matrixOf(logits),
});

const noReference = () =>
  new StudioError(
    "CACHE_MISSING",
    "Samples cannot be measured: no real features were given.",
    "Start the run again; its features are cached first.",
  );

function* tokenMapsWork(tokens: FeatureRows, grid: number): Work<TokenMaps> {
  const { rgb } = yield* featureColoursWork(matrixOf(tokens));
  return { rgb, spatialScore: spatialScore(tokens.values, grid, tokens.width).score };
}

/**
 * One line to the metrics worker: plain float64 arithmetic in slices, one call at a time, one reference set of each
 * kind. Two sessions in one worker take turns.
 */
export function createMetricsSession(tools: TurnTools): MetricsApi {
  const line = createCancellableCalls("A measurement");
  let reference: { readonly space: string; readonly real: RealReference } | undefined;
  let battery: SampleReference | undefined;

  /** @param start is called when it is this call's turn: what it throws is the call's failure */
  const call = <T>(start: () => Work<T>, onProgress?: OnProgress): Promise<Outcome<T>> =>
    line.call((assertWanted) => runInTurns(start(), tools, assertWanted, onProgress));

  return {
    setReference: (space, real, seed) =>
      call(function* () {
        reference = { space, real: yield* realReferenceWork(matrixOf(real), seed) };
        return null;
      }),

    sampleQuality: (step, generated) =>
      call(function* () {
        if (!reference) throw noReference();
        const { space, real } = reference;
        return {
          kind: "sampleQuality",
          step,
          space,
          ...(yield* real.compare(matrixOf(generated))),
        };
      }),

    layerAlignment: ({ step, encoder, layers, target, k, time, seed }, onProgress) =>
      call(function* () {
        const work = layerAlignmentWork(layers.map(matrixOf), matrixOf(target), { k, seed });
        return { kind: "layerAlignment", step, encoder, time, ...(yield* work) };
      }, onProgress),

    probe: ({ train, test, ...options }, onProgress) =>
      call(() => probeFeaturesWork(labelledOf(train), labelledOf(test), options), onProgress),

    setBatteryReference: (real, seed, onProgress) =>
      call(function* () {
        battery = yield* sampleReferenceWork(sampleFeaturesOf(real), seed);
        return null;
      }, onProgress),

    sampleBattery: (generated, onProgress) =>
      call(() => {
        if (!battery) throw noReference();
        return sampleBatteryWork(battery, sampleFeaturesOf(generated));
      }, onProgress),

    tokenMaps: async (tokens, grid, onProgress) => {
      const outcome = await call(() => tokenMapsWork(tokens, grid), onProgress);
      return outcome.ok ? transfer(outcome, [outcome.value.rgb.buffer]) : outcome;
    },

    cancel: () => {
      line.cancel();
      return Promise.resolve();
    },

    ping: () => Promise.resolve(),
  };
}
