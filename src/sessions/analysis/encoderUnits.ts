import type { EncoderId } from "../../common/config/experiment";
import type { AnalysisResult } from "../../common/protocol/analysis";
import { analysisKey, encoderOnlyPart, encoderPart } from "./analysisKey";
import type { Unit, UnitInputs } from "./analysisUnits";
import { alignmentImages, encoderMeans } from "./hiddenUnits";
import { movable } from "../metrics/metricsLine";
import { askProbe, probePart, type ProbePlan } from "../run/probes";

type EncoderResult = Extract<AnalysisResult, { readonly subject: null }>["result"];

/** Reference figures on the subject's images: each encoder's own probe, and the agreement of each with each other. */
export function encoderUnits(
  { open, plan, ask }: Omit<UnitInputs, "between" | "backend">,
  probe: ProbePlan | undefined,
): Unit[] {
  const { encoders, k, seed } = plan;
  const held = alignmentImages(open, plan.alignmentCount);
  const found = (result: EncoderResult): AnalysisResult => ({ subject: null, result });

  const own = (encoder: EncoderId, wanted: ProbePlan): Unit => ({
    key: analysisKey({
      kind: "encoderProbe",
      ...probePart(wanted),
      ...encoderOnlyPart(open, encoder),
    }),
    detail: `${encoder}: its own linear probe`,
    compute: async (report) => {
      const { train, test } = wanted.images;
      const sides = {
        train: movable(await encoderMeans(open, encoder, train)),
        test: movable(await encoderMeans(open, encoder, test)),
      };
      const figures = await askProbe(ask, wanted, sides, report);
      return found({ kind: "encoderProbe", encoder, ...figures });
    },
  });

  const pair = (encoder: EncoderId, other: EncoderId): Unit => ({
    key: analysisKey({
      kind: "encoderAlignment",
      ...{ k, images: held.length },
      ...encoderOnlyPart(open, encoder),
      other: encoderPart(open, other),
    }),
    detail: `${encoder}: CKNNA with ${other}`,
    compute: async (report) => {
      const layers = [await encoderMeans(open, encoder, held)];
      const target = await encoderMeans(open, other, held);
      const request = { step: 0, encoder: other, layers, target, k, time: 0, seed };
      const { imageCount, cknna } = await ask(
        (metrics, onProgress) => metrics.layerAlignment(request, onProgress),
        report,
      );
      return found({
        kind: "encoderAlignment",
        ...{ encoder, other, imageCount, k },
        cknna: cknna[0] ?? NaN,
      });
    },
  });

  return [
    ...(probe ? encoders.map((encoder) => own(encoder, probe)) : []),
    ...encoders.flatMap((encoder, at) =>
      encoders.slice(at + 1).map((other) => pair(encoder, other)),
    ),
  ];
}
