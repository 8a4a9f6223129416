import { DEFAULT_SAMPLES } from "../../store/analysisSlice";
import { accuracyByMetric } from "./accuracyByMetric";
import { alignmentByLayer, MEASURE_NAMES } from "./alignmentByLayer";
import { switchOf, type FigureInput } from "./figureInput";
import type { FigureRow } from "./figureRow";
import { heatOverStepsOf, heatOverTimes } from "./heatData";
import { mapsFigure } from "./mapsData";
import { cknnaOverEncoders, probeOverEncoders } from "./overEncoders";
import { cknnaOverSteps } from "./overSteps";
import { cknnaOverTimes, probeOverTimes } from "./overTimes";
import { paperAccuracyByFid } from "./paperAccuracy";
import { probeByLayer } from "./probeByLayer";
import { resultsOf } from "./results";
import { samplesFigure } from "./samplesData";
import { sameNoiseOverSteps, stripReadings, stripRuns } from "./strips";

const SCORE = switchOf(
  "Probe or k-NN",
  [
    ["accuracy", "Probe"],
    ["knn", "k-NN"],
  ],
  "accuracy",
);
const MEASURE = switchOf(
  "Measure",
  [
    ["cknna", "CKNNA"],
    ["cka", "CKA"],
    ["mutualKnn", "k-NN"],
  ],
  "cknna",
);
const LINES = switchOf(
  "Lines",
  [
    ["subject", "Subjects"],
    ["encoder", "Encoders"],
  ],
  "subject",
);
const METRIC = switchOf(
  "Sample metric",
  [
    ["kid", "KID"],
    ["frechetTop", "Fréchet"],
  ],
  "kid",
);

const probeOrCknna = (label: string, initial: "probe" | "cknna") =>
  switchOf(
    label,
    [
      ["probe", "Probe"],
      ["cknna", "CKNNA"],
    ],
    initial,
  );
const OVER_TIMES = probeOrCknna("Reading over t", "probe");
const OVER_ENCODERS = probeOrCknna("Reading over encoders", "cknna");
const HEAT_TIMES = probeOrCknna("Measure of layer × t", "probe");
const HEAT_STEPS = probeOrCknna("Measure of layer × step", "cknna");
const READING_NAMES = { probe: "Probe", cknna: "CKNNA" } as const;

/** The space the newest samples were measured in. */
const sampleSpace = ({ results, subjects }: FigureInput) =>
  resultsOf(results, subjects, "samples").at(-1)?.result.space ?? DEFAULT_SAMPLES.space;

/** Every figure of the paper the data hold, in the paper's order. */
export const FIGURES: readonly FigureRow[] = [
  {
    title: (chosen) =>
      SCORE.value(chosen) === "accuracy" ? "Linear probe by layer, %" : "k-NN by layer, %",
    paperFigure: "Figures 2a, 3a",
    readings: () => [SCORE],
    build: (input, chosen) => probeByLayer({ ...input, view: SCORE.value(chosen) }),
  },
  {
    title: (chosen) => `${MEASURE_NAMES[MEASURE.value(chosen)]} by layer`,
    paperFigure: "Figures 2b, 3b",
    readings: () => [MEASURE, LINES],
    build: (input, chosen) => {
      const by = LINES.value(chosen);
      const lines =
        by === "subject"
          ? { by, encoder: input.encoder }
          : { by, subject: input.subject?.key ?? null };
      return alignmentByLayer({ ...input, measure: MEASURE.value(chosen), lines });
    },
  },
  {
    title: () => "CKNNA over steps and sizes",
    paperFigure: "Figure 2c",
    build: ({ runs, encoder }) => cknnaOverSteps(runs, encoder),
  },
  {
    title: () => "Probe against samples",
    paperFigure: "Figure 5",
    readings: () => [METRIC],
    build: (input, chosen) =>
      accuracyByMetric({ ...input, space: sampleSpace(input), metric: METRIC.value(chosen) }),
  },
  {
    title: () => "Probe against FID, paper’s Table 2",
    paperFigure: null,
    shownWhen: ({ paper }) => paper,
    build: paperAccuracyByFid,
  },
  {
    title: (chosen) => (OVER_TIMES.value(chosen) === "probe" ? "Probe over t, %" : "CKNNA over t"),
    paperFigure: "Figure 8",
    readings: () => [OVER_TIMES],
    build: (input, chosen) =>
      OVER_TIMES.value(chosen) === "probe" ? probeOverTimes(input) : cknnaOverTimes(input),
  },
  {
    title: (chosen) =>
      OVER_ENCODERS.value(chosen) === "probe" ? "Probe over encoders, %" : "CKNNA over encoders",
    paperFigure: "Figure 8",
    readings: () => [OVER_ENCODERS],
    build: (input, chosen) =>
      OVER_ENCODERS.value(chosen) === "probe" ? probeOverEncoders(input) : cknnaOverEncoders(input),
  },
  {
    title: (chosen) => `${READING_NAMES[HEAT_TIMES.value(chosen)]}, layer × t`,
    paperFigure: null,
    readings: () => [HEAT_TIMES],
    build: ({ results, subject, encoder }, chosen) =>
      heatOverTimes({
        results,
        subjects: subject ? [subject] : [],
        encoder,
        measure: HEAT_TIMES.value(chosen),
      }),
  },
  {
    title: (chosen) => `${READING_NAMES[HEAT_STEPS.value(chosen)]}, layer × step`,
    paperFigure: null,
    readings: () => [HEAT_STEPS],
    build: (input, chosen) => heatOverStepsOf(input, HEAT_STEPS.value(chosen)),
  },
  {
    title: () => "Same noise over steps",
    paperFigure: "Figure 4",
    wide: true,
    readings: stripReadings,
    gridsOf: stripRuns,
    build: sameNoiseOverSteps,
  },
  {
    title: () => "PCA maps by block",
    paperFigure: null,
    wide: true,
    build: mapsFigure,
  },
  {
    title: () => "Samples against real images",
    paperFigure: "Tables 2 to 5",
    wide: true,
    build: samplesFigure,
  },
];
