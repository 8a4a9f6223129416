import { sayTime } from "../../common/config/noiseLevel";
import type { EncoderId } from "../../common/config/experiment";
import { StudioError } from "../../common/errors/studioError";
import type { HiddenResult, ProbeFigures } from "../../common/protocol/analysis";
import type { FeatureRows } from "../../common/protocol/metrics";
import { analysisKey, encoderPart, subjectPart } from "./analysisKey";
import type { OpenSubject } from "./analysisSubject";
import { memoLast, type Unit, type UnitInputs } from "./analysisUnits";
import { HELD_OUT_STREAM, hiddenMeans } from "../run/hiddenStates";
import { movable, partOf, type OnShare } from "../metrics/metricsLine";
import { askProbe, probePart, type ProbePlan } from "../run/probes";
import { spread, tokenMeans } from "../run/trainingData";

/** The noise of the training images a probe learns from. */
const PROBE_STREAM = "analysis/probe";

/** Token means of an encoder on some images: [n, width]. */
export async function encoderMeans(
  { data }: OpenSubject,
  encoder: EncoderId,
  images: Uint32Array,
): Promise<FeatureRows> {
  const features = await data.features(encoder);
  const values = await tokenMeans(features, images);
  return { values, count: images.length, width: features.width };
}

/** The held-out images a plan compares on: the run's own where it asks for as many as the run did. */
export const alignmentImages = ({ data }: OpenSubject, count: number): Uint32Array =>
  spread(data.allHeldOut, count);

type ProbeResult = Extract<HiddenResult, { readonly kind: "probe" }>;

/** Scores by block, and what holds for all of them once. */
function byLayer(time: number, figures: readonly ProbeFigures[]): ProbeResult {
  const [first] = figures;
  if (!first)
    throw new StudioError(
      "INTERNAL",
      "The model has no block to probe.",
      "Open another checkpoint.",
    );
  const { trainCount, testCount, classCount, majority, epochs, batchSize, knnK } = first;
  const setting = { trainCount, testCount, classCount, majority, epochs, batchSize, knnK };
  const layers = figures.map(({ accuracy, trainAccuracy, knn }) => ({
    accuracy,
    trainAccuracy,
    knn,
  }));
  return { kind: "probe", time, layers, ...setting };
}

/**
 * What is measured on a subject's hidden states at the plan's noise levels: agreement with every encoder, and linear
 * probe and k-NN of every block.
 */
export function hiddenUnits(inputs: UnitInputs, probe: ProbePlan | undefined): Unit[] {
  const { open, plan, ask, backend, between } = inputs;
  const about = subjectPart(open, backend);
  const held = alignmentImages(open, plan.alignmentCount);

  const means = async (images: Uint32Array, stream: string, time: number, report: OnShare) =>
    hiddenMeans({ ...open, between }, await open.params(), { images, time, stream, report });
  const heldOut = memoLast((time, report) => means(held, HELD_OUT_STREAM, time, report));
  const level = (time: number) => sayTime(time, [open.experiment.model.family]);
  const found = (result: HiddenResult) => ({ subject: open.subject, result });

  const alignment = (time: number, encoder: EncoderId): Unit => {
    const { k, seed } = plan;
    const what = { kind: "alignment", time, k, seed, images: held.length };
    return {
      key: analysisKey({ ...what, ...about, ...encoderPart(open, encoder) }),
      detail: `${open.name}: CKNNA with ${encoder} at ${level(time)}`,
      compute: async (report) => {
        const layers = await heldOut(time, partOf(report, 0, 2));
        const target = await encoderMeans(open, encoder, held);
        const request = { step: 0, encoder, layers, target, k, time, seed };
        const { imageCount, cknna, cka, mutualKnn, chance } = await ask(
          (metrics, onProgress) => metrics.layerAlignment(request, onProgress),
          partOf(report, 1, 2),
        );
        const scores = { imageCount, cknna, cka, mutualKnn, chance };
        return found({ kind: "alignment", encoder, k, time, ...scores });
      },
    };
  };

  const probing = (time: number, wanted: ProbePlan): Unit => ({
    key: analysisKey({ kind: "probe", time, ...probePart(wanted), ...about }),
    detail: `${open.name}: linear probe of every block at ${level(time)}`,
    compute: async (report) => {
      const { train: trainImages, test: testImages } = wanted.images;
      const train = await means(trainImages, PROBE_STREAM, time, partOf(report, 0, 3));
      const passing = partOf(report, 1, 3);
      const test =
        testImages.length === held.length
          ? await heldOut(time, passing)
          : await means(testImages, HELD_OUT_STREAM, time, passing);
      const learning = partOf(report, 2, 3);
      const figures: ProbeFigures[] = [];
      for (const [layer, testRows] of test.entries()) {
        const trainRows = train[layer];
        if (!trainRows) continue; // both sides have every block
        const sides = { train: movable(trainRows), test: testRows };
        const share = partOf(learning, layer, test.length);
        figures.push(await askProbe(ask, wanted, sides, share));
      }
      return found(byLayer(time, figures));
    },
  });

  return plan.times.flatMap((time) => [
    ...plan.encoders.map((encoder) => alignment(time, encoder)),
    ...(probe ? [probing(time, probe)] : []),
  ]);
}
