import type { SampleResult } from "../../common/protocol/analysis";
import type { SpaceFeatures } from "../../common/protocol/metrics";
import { analysisKey, dataPart, subjectPart } from "./analysisKey";
import type { Unit, UnitInputs } from "./analysisUnits";
import type { DrawnSamples, UseSamples } from "./drawnSamples";
import type { SessionEnvironment } from "../common/environment";
import { forEachSampleChunk } from "../run/evaluation";
import { joinFeatures } from "../caches/joinFeatures";
import { partOf, type AskMetrics, type OnShare } from "../metrics/metricsLine";
import { openSampleSpace, sampleSpaceVersion, type SampleSpace } from "./sampleSpace";

/** The real side as the metrics worker holds it: kept while subjects share it. */
export interface RealSide {
  readonly set: (
    key: string,
    real: () => Promise<SpaceFeatures>,
    seed: number,
    report: OnShare,
  ) => Promise<void>;
}

export function createRealSide(ask: AskMetrics): RealSide {
  let held: string | undefined;
  return {
    set: async (key, real, seed, report) => {
      if (held === key) return;
      held = undefined;
      const features = await real();
      await ask(
        (metrics, onProgress) => metrics.setBatteryReference(features, seed, onProgress),
        report,
      );
      held = key;
    },
  };
}

/** Features of the first `count` EMA samples of the fixed metrics noise, those a run is measured on. */
async function generatedFeatures(
  { open, between, backend }: Pick<UnitInputs, "open" | "between" | "backend">,
  drawn: DrawnSamples,
  space: SampleSpace,
  count: number,
  report: OnShare,
): Promise<SpaceFeatures> {
  const chunks: SpaceFeatures[] = [];
  const key = analysisKey({ kind: "drawn", count, ...subjectPart(open, backend) });
  const draw = async (use: UseSamples) => {
    const context = { ...open, autoencoder: await open.autoencoder(), between };
    await forEachSampleChunk(context, await open.params(), "metrics", count, use);
  };
  await drawn.each(key, draw, async (rgb, first) => {
    const features = await space.features(rgb);
    chunks.push(features);
    report((first + features.pooled.count) / count);
    await between();
  });
  return joinFeatures(chunks);
}

/** The sample metrics of a plan, where it has any. */
export function samplesUnits(
  inputs: UnitInputs,
  environment: Pick<SessionEnvironment, "readModelFile" | "openWeights">,
  realSide: RealSide,
  drawn: DrawnSamples,
): Unit[] {
  const { open, plan, ask, backend, between } = inputs;
  if (!plan.samples) return [];
  const { space: id, count } = plan.samples;
  const { seed } = plan;
  const where = { space: id, version: sampleSpaceVersion(id, open.grid), seed };

  const compute = async (report: OnShare): Promise<SampleResult> => {
    const { data, grid } = open;
    const real = { positionCount: count, seed };
    const space = await openSampleSpace(id, { environment, data, grid, between, ...real });
    try {
      const reference = JSON.stringify({ ...where, count, ...dataPart(open) });
      await realSide.set(reference, space.real, seed, partOf(report, 0, 4));
      const drawing = (share: number) => report((1 + 2 * share) / 4);
      const generated = await generatedFeatures(inputs, drawn, space, count, drawing);
      const figures = await ask(
        (metrics, onProgress) => metrics.sampleBattery(generated, onProgress),
        partOf(report, 3, 4),
      );
      return { kind: "samples", space: id, ...figures };
    } finally {
      space.dispose();
    }
  };

  return [
    {
      key: analysisKey({ kind: "samples", ...where, count, ...subjectPart(open, backend) }),
      detail: `${open.name}: ${count} samples in the space of ${id}`,
      compute: async (report) => ({ subject: open.subject, result: await compute(report) }),
    },
  ];
}
