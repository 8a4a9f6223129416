import { presetById } from "../../src/common/config/presets";
import type { Experiment } from "../../src/common/config/experiment";
import { modelShape } from "../../src/common/config/sizes";
import type {
  AnalysisResult,
  ProbeScore,
  Share,
  StoredAnalysis,
  Subject,
} from "../../src/common/protocol/analysis";
import type { PictureStrip } from "../../src/common/protocol/previews";
import type { SampleGrid } from "../../src/common/protocol/trainer";
import type { AnalysedRun } from "../../src/page/store/analysisSlice";
import type { StudioStore } from "../../src/page/store/studioStore";
import { layers, quality, wobble } from "./scenes";

/** Scripted states of the Analyse view; every number is made up. */
export type AnalyseScene =
  | "analyse"
  | "analyseempty"
  | "analyseone"
  | "analyserunning"
  | "analysefailed";

const DEVICE = {
  backend: "webgpu",
  adapter: "NVIDIA GeForce RTX 4070, ada",
  slow: false,
  float16: true,
} as const;
const HASH = "e3".repeat(32);
const TIMES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const SETTING = {
  trainCount: 2000,
  testCount: 382,
  classCount: 9,
  majority: 0.19,
  epochs: 90,
  batchSize: 256,
  knnK: 20,
};

const share = (value: number): Share => ({ value, low: value - 0.045, high: value + 0.045 });
const score = (value: number): ProbeScore => ({
  accuracy: share(value),
  trainAccuracy: value + 0.12,
  knn: share(value - 0.06),
});

function runOf(index: number, name: string, experiment: Experiment): AnalysedRun {
  const steps = [250, 500, 750, 1000];
  const { depth } = modelShape(experiment.model);
  return {
    id: `run-${index}`,
    name,
    experiment,
    timeline: [],
    phase: "finished",
    createdAtMs: index,
    datasetHash: HASH,
    device: DEVICE,
    checkpointSteps: steps.slice(1),
    gridSteps: steps,
    measurements: steps
      .flatMap((step) => [layers(step / (index === 2 ? 2 : 1), "tiny-vit", depth), quality(step)])
      .map((m, place) => ({ ...m, step: steps[Math.floor(place / 2)] ?? 0 })),
  };
}

const strip = (side: number, count: number, hue: number): PictureStrip => ({
  side,
  rgb: Uint8Array.from({ length: side * side * 3 * count }, (_, i) => {
    const [p, c] = [Math.floor(i / 3), i % 3];
    const [x, y] = [p % side, Math.floor(p / side) % side];
    const near = Math.hypot(x - side / 2, y - side / 2) < side / 3;
    return 128 + (near ? 90 : -30) * Math.sin(hue + c * 2) + 14 * wobble(i + hue);
  }),
});

/** What one subject's analysis found. */
function found(subject: Subject, good: number, depth: number): readonly AnalysisResult[] {
  const blocks = Array.from({ length: depth }, (_, block) => block);
  const at = (block: number, time: number) =>
    good * Math.exp(-((block - depth / 2) ** 2) / (1.6 * depth)) * (1 - 0.6 * (time - 0.3) ** 2);
  const perTime = TIMES.flatMap((time): AnalysisResult["result"][] => [
    {
      kind: "probe",
      time,
      layers: blocks.map((block) => score(0.24 + 0.3 * at(block, time) + 0.01 * wobble(block))),
      ...SETTING,
    },
    ...(["tiny-vit", "dinov2-b", "patch-histogram"] as const).map((encoder, index) => ({
      kind: "alignment" as const,
      encoder,
      imageCount: 256,
      k: 10,
      time,
      cknna: blocks.map((block) => 0.05 + (0.4 - 0.1 * index) * at(block, time)),
      cka: blocks.map((block) => 0.1 + 0.5 * at(block, time)),
      mutualKnn: blocks.map((block) => 0.08 + 0.3 * at(block, time)),
      chance: 0.03,
    })),
  ]);
  const maps = {
    kind: "maps" as const,
    time: 0.5,
    images: strip(64, 4, 1),
    layers: blocks.map((block) => ({ maps: strip(8, 4, block), spatialScore: 0.1 + 0.04 * block })),
    encoders: [{ encoder: "tiny-vit" as const, maps: strip(8, 4, 9), spatialScore: 0.31 }],
  };
  const samples = {
    kind: "samples" as const,
    space: "tiny-vit" as const,
    sampleCount: 256,
    pairCount: 256,
    referenceCount: 3430,
    kid: 140 - 40 * good,
    kidLow: 118 - 40 * good,
    kidHigh: 162 - 40 * good,
    kidFloor: 0.9,
    frechetTop: 7 - good,
    components: 32,
    frechetFloor: 0.92,
    frechetFull: 8.1 - good,
    width: 128,
    fullTrusted: false,
    coverage: { precision: 0.62, recall: 0.31, density: 0.71, coverage: 0.52 },
    coverageReal: { precision: 0.93, recall: 0.92, density: 1.01, coverage: 0.95 },
    cmmd: 1.21,
    cmmdReal: 0.02,
    sfid: null,
    inceptionScore: null,
  };
  return [...perTime, maps, samples].map((result) => ({ subject, result }) as AnalysisResult);
}

const ENCODERS: readonly AnalysisResult[] = [
  {
    subject: null,
    result: { kind: "encoderProbe", encoder: "tiny-vit", ...score(0.59), ...SETTING },
  },
  {
    subject: null,
    result: {
      kind: "encoderAlignment",
      encoder: "dinov2-b",
      other: "tiny-vit",
      imageCount: 256,
      k: 10,
      cknna: 0.41,
    },
  },
];

const stored = (results: readonly AnalysisResult[]): readonly StoredAnalysis[] =>
  results.map((one, index) => ({
    key: String(index),
    createdAtMs: index,
    datasetHash: HASH,
    seed: 0,
    device: DEVICE,
    found: one,
  }));

/** The run's grids, drawn when the page asks for them. */
export async function analyseGrids(
  draw: (step: number, count: number) => Promise<SampleGrid>,
): Promise<readonly SampleGrid[]> {
  return Promise.all([250, 500, 750, 1000].map((step) => draw(step, 16)));
}

/** Two runs of one preset and a larger one, some of their checkpoints analysed. */
export function playAnalyseScene(store: StudioStore, scene: AnalyseScene): void {
  const state = store.getState();
  state.setView("analyse");
  if (scene === "analyseempty") return state.setAnalysed([], []);
  const { experiment } = presetById("first-minute");
  const vanilla = { ...experiment, alignment: { ...experiment.alignment, projCoeff: 0 } };
  const larger = { ...experiment, model: { ...experiment.model, size: "S" as const } };
  const runs = [
    runOf(1, "First minute", experiment),
    runOf(2, "First minute", vanilla),
    runOf(3, "Small model on emoji", larger),
  ];
  const subjects: readonly Subject[] =
    scene === "analyseone"
      ? [{ kind: "run", runId: "run-1", step: 1000 }]
      : [
          { kind: "run", runId: "run-1", step: 1000 },
          { kind: "run", runId: "run-2", step: 1000 },
          { kind: "run", runId: "run-3", step: 1000 },
        ];
  const all = subjects.flatMap((subject, index) =>
    found(subject, 1.1 - 0.25 * index, index === 2 ? 12 : 4),
  );
  const kept =
    scene === "analyseone"
      ? all.filter(({ result }) => !("time" in result) || result.time === 0.5)
      : all;
  state.setAnalysed(runs, stored([...kept, ...ENCODERS]));
  for (const subject of subjects) state.toggleSubject(subject);
  state.showPaper(scene === "analyse");
  if (scene === "analyserunning") {
    state.beginAnalysis();
    state.runAnalysis();
    state.applyAnalysisEvent({ type: "device", device: DEVICE });
    state.applyAnalysisEvent({
      type: "progress",
      detail: "First minute · 1000: linear probe, block 3 of 4 at t = 0.5",
      done: 31,
      all: 112,
    });
  }
  if (scene === "analysefailed") {
    state.refuseCheckpoint("holiday.safetensors", {
      code: "BAD_CHECKPOINT",
      message: "The file has no metadata of the studio: 12 tensors, none named ema.*.",
      hint: "Open a checkpoint saved by “Download checkpoint”.",
    });
    state.beginAnalysis();
    state.endAnalysis({
      code: "CACHE_MISSING",
      message: "This analysis lacks caches, and others are being filled now.",
      hint: "Wait until they are filled, or stop that, then press Analyse again.",
    });
  }
}
