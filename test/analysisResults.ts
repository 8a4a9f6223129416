import { Experiment, type EncoderId } from "../src/common/config/experiment";
import type {
  AnalysisResult,
  HiddenResult,
  SampleResult,
  Share,
  StoredAnalysis,
} from "../src/common/protocol/analysis";
import type { LayerAlignment, SampleQuality } from "../src/common/protocol/trainer";
import type { AnalysedRun } from "../src/page/store/analysisSlice";
import type { ShownSubject } from "../src/page/ui/analyse/subjects";

/** Small results for the tests of figures. */

const DEVICE = { backend: "cpu", adapter: "CPU", slow: true, float16: false } as const;

export function subject(id: string, step = 10, alignedBlock: number | null = 2): ShownSubject {
  return {
    key: `run/${id}/${step}`,
    subject: { kind: "run", runId: id, step },
    name: id,
    label: `${id} · ${step}`,
    color: "red",
    experiment: Experiment.parse({}),
    step,
    encoders: ["tiny-vit"],
    alignedBlock,
  };
}

/** A result about a subject, or about an encoder alone. */
export function stored(
  about: ShownSubject | null,
  result: AnalysisResult["result"],
  differs: Partial<StoredAnalysis> = {},
): StoredAnalysis {
  const found = { subject: about?.subject ?? null, result } as AnalysisResult;
  return {
    key: JSON.stringify([found, differs]),
    createdAtMs: 0,
    datasetHash: "d",
    seed: 3,
    device: DEVICE,
    found,
    ...differs,
  };
}

export const share = (value: number): Share => ({
  value,
  low: value - 0.0625,
  high: value + 0.0625,
});

export const probe = (
  time: number,
  accuracies: readonly number[],
  trainCount = 100,
): Extract<HiddenResult, { kind: "probe" }> => ({
  kind: "probe",
  time,
  layers: accuracies.map((value) => ({
    accuracy: share(value),
    trainAccuracy: value,
    knn: share(value / 2),
  })),
  trainCount,
  testCount: 40,
  classCount: 9,
  majority: 0.2,
  epochs: 90,
  batchSize: 256,
  knnK: 20,
});

export const alignment = (
  time: number,
  cknna: readonly number[],
  encoder: EncoderId = "tiny-vit",
): Extract<HiddenResult, { kind: "alignment" }> => ({
  kind: "alignment",
  time,
  encoder,
  imageCount: 64,
  k: 10,
  cknna,
  cka: cknna.map((value) => value + 0.1),
  mutualKnn: cknna.map((value) => value / 2),
  chance: 0.03,
});

export const samples = (kid: number, differs: Partial<SampleResult> = {}): SampleResult => ({
  kind: "samples",
  space: "tiny-vit",
  sampleCount: 256,
  pairCount: 256,
  referenceCount: 3000,
  kid,
  kidLow: kid - 1,
  kidHigh: kid + 1,
  kidFloor: 0.5,
  frechetTop: 5,
  components: 32,
  frechetFloor: 0.9,
  frechetFull: 6,
  width: 128,
  fullTrusted: false,
  coverage: { precision: 0.5, recall: 0.4, density: 0.6, coverage: 0.3 },
  coverageReal: { precision: 0.9, recall: 0.9, density: 1, coverage: 0.95 },
  cmmd: 1,
  cmmdReal: 0.1,
  sfid: null,
  inceptionScore: null,
  ...differs,
});

export const logged = (
  step: number,
  cknna: readonly number[],
  differs: Partial<LayerAlignment> = {},
): LayerAlignment => ({
  ...alignment(0.5, cknna),
  kind: "layerAlignment",
  step,
  ...differs,
});

export const loggedQuality = (step: number, kid: number): SampleQuality => {
  const { pairCount, referenceCount, kidLow, kidHigh, kidFloor, components, frechetTop } =
    samples(kid);
  return {
    kind: "sampleQuality",
    step,
    space: "tiny-vit, token mean",
    sampleCount: 256,
    pairCount,
    referenceCount,
    kid,
    kidLow,
    kidHigh,
    kidFloor,
    frechetTop,
    components,
    frechetFloor: 1,
  };
};

export const run = (id: string, differs: Partial<AnalysedRun> = {}): AnalysedRun => ({
  id,
  name: id,
  experiment: Experiment.parse({ alignment: { encoderDepth: 2 } }),
  timeline: [],
  phase: "finished",
  createdAtMs: 0,
  datasetHash: "d",
  device: DEVICE,
  checkpointSteps: [10],
  gridSteps: [],
  measurements: [],
  ...differs,
});
