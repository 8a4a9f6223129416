import { presetById } from "../../src/common/config/presets";
import type { Experiment, TimelineEntry } from "../../src/common/config/experiment";
import { modelShape } from "../../src/common/config/sizes";
import type { Failure } from "../../src/common/errors/studioError";
import type { DeviceReport } from "../../src/common/protocol/shared";
import { deviceWarnings } from "../../src/sessions/device/deviceWarnings";
import type {
  LayerAlignment,
  SampleGrid,
  SampleQuality,
  StepPoint,
} from "../../src/common/protocol/trainer";
import { curvesOf } from "../../src/page/store/runsSlice";
import { createStudioStore, type StudioStore } from "../../src/page/store/studioStore";
import { playAnalyseScene, type AnalyseScene } from "./analyseScenes";
import { playDataScene, type DataScene } from "./dataScenes";

/**
 * Scripted states of the page, for looking at it and for measuring how it draws. Numbers here are made up
 * in the shape of real ones; nothing in this folder is shipped.
 */
export type Scene =
  | DataScene
  | AnalyseScene
  | "idle"
  | "caching"
  | "firststep"
  | "training"
  | "paused"
  | "failed"
  | "slow"
  | "nostart"
  | "selfcheck"
  | "link"
  | "badlink"
  | "big";

const CLASSES = [
  "Smileys & Emotion",
  "People & Body",
  "Animals & Nature",
  "Food & Drink",
  "Travel & Places",
  "Activities",
  "Objects",
  "Symbols",
  "Flags",
];

/** A repeatable wobble in [-1, 1]. */
export const wobble = (n: number): number => {
  const x = Math.sin(n * 12.9898) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
};

export const point = (step: number): StepPoint => ({
  step,
  velocityLoss: 0.62 + 0.9 * Math.exp(-step / 160) + 0.09 * wobble(step) + (step === 700 ? 0.8 : 0),
  projLoss: -0.74 + 0.7 * Math.exp(-step / 420) + 0.02 * wobble(step + 0.5),
  gradNorm: 0.35 + 2 * Math.exp(-step / 90) + 0.12 * Math.abs(wobble(step + 0.7)),
  stepMs: 84 + 6 * wobble(step + 0.2),
});

export const quality = (step: number): SampleQuality => {
  const kid = 6 + 96 * Math.exp(-step / 520) + wobble(step);
  return {
    kind: "sampleQuality",
    step,
    space: "tiny-vit, token mean",
    sampleCount: 256,
    pairCount: 256,
    referenceCount: 3430,
    kid,
    kidLow: kid * 0.93 - 1,
    kidHigh: kid * 1.07 + 1,
    kidFloor: 0.21,
    frechetTop: 4 + 40 * Math.exp(-step / 640),
    components: 32,
    frechetFloor: 1.83,
  };
};

export const layers = (step: number, encoder: string, depth: number): LayerAlignment => {
  const height = encoder === "tiny-vit" ? 0.5 : 0.21;
  const cknna = Array.from({ length: depth }, (_, block) => {
    const peak = Math.exp(-((block - depth / 2 + 0.5) ** 2) / (depth * 1.4));
    return 0.03 + height * peak * (1 - Math.exp(-step / 500)) + 0.006 * wobble(step + block);
  });
  return {
    kind: "layerAlignment",
    step,
    encoder,
    imageCount: 256,
    k: 10,
    time: 0.5,
    cknna,
    cka: cknna.map((value) => value * 1.3),
    mutualKnn: cknna.map((value) => value * 0.8),
    chance: 0.004,
  };
};

const TILE = 64;

/** A grid of blurred discs that sharpen with the step. */
export async function drawGrid(step: number, count: number): Promise<SampleGrid> {
  const columns = Math.ceil(Math.sqrt(count));
  const canvas = document.createElement("canvas");
  canvas.width = columns * TILE;
  canvas.height = Math.ceil(count / columns) * TILE;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("The storyboard needs a 2-D canvas.");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const labels = Array.from({ length: count }, (_, index) => index % CLASSES.length);
  labels.forEach((label, index) => {
    const x = (index % columns) * TILE + TILE / 2;
    const y = Math.floor(index / columns) * TILE + TILE / 2;
    context.filter = `blur(${Math.max(0, 9 - step / 120)}px)`;
    context.fillStyle = `hsl(${label * 40 + 15} ${Math.min(85, 20 + step / 15)}% 58%)`;
    context.beginPath();
    context.arc(x, y, 22 + 3 * wobble(index), 0, Math.PI * 2);
    context.fill();
    context.fillStyle = "rgb(40 30 20 / 0.75)";
    context.fillRect(x - 11, y - 7, 5, 7);
    context.fillRect(x + 6, y - 7, 5, 7);
  });
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
  const png = (await blob?.arrayBuffer()) ?? new ArrayBuffer(0);
  return { step, png, count, columns, tile: TILE, labels };
}

const TIMELINE: readonly TimelineEntry[] = [
  { step: 420, change: { projCoeff: 1 } },
  { step: 820, change: { encoderDepth: 3 } },
  { step: 1100, change: { encoders: ["tiny-vit", "patch-histogram"] } },
];

/** Everything a run of `steps` steps would have logged. */
async function playRun(store: StudioStore, experiment: Experiment, steps: number): Promise<void> {
  const { depth } = modelShape(experiment.model);
  const every = Math.ceil(steps / 12 / 50) * 50;
  const state = store.getState();
  state.beginRun({ runId: "run-1", name: "First minute, λ up", experiment, timeline: [] });
  state.applyRunEvents([
    {
      type: "device",
      device: {
        backend: "webgpu",
        adapter: "NVIDIA GeForce RTX 4070, ada",
        slow: false,
        float16: true,
      },
    },
    { type: "steps", points: Array.from({ length: steps }, (_, index) => point(index + 1)) },
    { type: "memory", memory: { step: steps, tensors: 412, bytes: 148_300_000 } },
    { type: "checkpoint", step: every * 10, bytes: 9_200_000 },
    { type: "phase", phase: "training", step: steps },
  ]);
  for (const entry of TIMELINE) state.applyRunEvents([{ type: "control", entry }]);
  for (let step = every; step <= steps; step += every) {
    state.applyRunEvents([
      { type: "grid", grid: await drawGrid(step, experiment.sampling.gridSize) },
      { type: "measurement", measurement: quality(step) },
      { type: "measurement", measurement: layers(step, "tiny-vit", depth) },
      ...(step > 1100
        ? [
            {
              type: "measurement" as const,
              measurement: layers(step, "patch-histogram", depth),
            },
          ]
        : []),
    ]);
  }
}

const CHECKPOINTS = [750, 1000, 1250].map((step) => ({
  ...{ step, bytes: 9_400_000, pinned: step === 750, forkPoint: step === 1000 },
}));
const FORKED = {
  ...{ runId: "run-1", step: 1000, repeatable: true },
  change: [{ path: "alignment.projCoeff", from: 0.5, to: 0.25 }],
};

function fillData(store: StudioStore) {
  const state = store.getState();
  state.setClassNames(CLASSES, [338, 726, 254, 262, 436, 168, 520, 556, 552]);
  state.setCostEstimate({
    images: 3812,
    weights: [],
    items: [
      { label: "Latents (tiny-kl)", bytes: 15_600_000, cachedBytes: 0, seconds: 12 },
      { label: "Features (tiny-vit)", bytes: 93_700_000, cachedBytes: 0, seconds: 12 },
    ],
  });
  state.setStorage({ usedBytes: 131_400_000, quotaBytes: 61e9, persisted: true }, [
    { key: "a", label: "Latents, tiny-kl, 64 px", bytes: 15_600_000, rows: 3812 },
    { key: "b", label: "Features, tiny-vit, 8 × 8 tokens", bytes: 31_000_000, rows: 1260 },
  ]);
  const { experiment } = presetById("first-minute");
  const kept = (name: string, projCoeff: number, seed: number) => ({
    name,
    experiment: {
      ...experiment,
      alignment: { ...experiment.alignment, projCoeff },
      optimizer: { ...experiment.optimizer, seed },
    },
  });
  const named = [
    kept("First minute, λ up", 0.5, 0),
    kept("Vanilla (λ = 0)", 0, 0),
    kept("Vanilla (λ = 0)", 0, 1),
    kept("First minute", 0.5, 1),
    kept("First minute", 0.25, 0),
  ];
  state.setRuns(
    named.map((run, index) => ({
      ...run,
      id: `run-${index + 1}`,
      phase: index === 1 ? "finished" : "stopped",
      step: 1340 - index * 100,
      totalSteps: 2000,
      createdAtMs: Date.UTC(2025, 4, 12, 9 + index),
      updatedAtMs: Date.UTC(2025, 4, 12, 10 + index),
      isElsewhere: false,
      checkpointStep: index === 2 ? null : 1250,
      checkpoints: CHECKPOINTS.slice(0, index === 2 ? 0 : 3),
      bytes: 9_400_000 + index * 1_000_000,
      timeline: [],
      device: null,
      look: { color: index, shown: index < 4 },
      pinned: index === 3,
      parent: index === 4 ? FORKED : null,
      imported: index === 3 ? { file: "results.zip", atMs: 0 } : null,
      latest: {
        sampleQuality: { ...quality(1200), kid: 14.3 + 5 * index },
        layerAlignment: layers(1200, "tiny-vit", 6),
      },
    })),
  );
  named.slice(1, 4).forEach((_, index) => {
    const steps = Array.from({ length: 600 - 60 * index }, (__, at) => 2 * (at + 1));
    const measured = steps.filter((step) => step % 150 === 0);
    const worse = 1.06 + 0.05 * index;
    state.setCurves(
      curvesOf(
        { runId: `run-${index + 2}`, updatedAtMs: Date.UTC(2025, 4, 12, 11 + index) },
        {
          points: steps.map((step) => ({
            ...point(step + 7 * index),
            ...{ step, velocityLoss: point(step).velocityLoss * worse },
            ...(index === 1 && step === 500 && { velocityLoss: NaN }),
          })),
        },
        measured
          .flatMap((step) => [
            { ...quality(step), kid: quality(step).kid * worse + 4 },
            layers(step * (1 - 0.2 * index), "tiny-vit", 6),
          ])
          .map((m, i) => ({ ...m, step: measured[Math.floor(i / 2)] ?? 0 })),
        measured,
      ),
    );
  });
  state.setCapability({ kind: "webgpu", adapter: "NVIDIA GeForce RTX 4070, ada" });
}

const NO_START: Failure = {
  code: "BACKEND_FAILED",
  message:
    'WebGPU did not start: requestDevice failed with "D3D12 create command queue failed with E_FAIL".',
  hint: "Restart the browser, and update it and the GPU's driver if that does not help.",
};

/** What a worker says of its device, with the warnings a run gives. */
function reportDevice(store: StudioStore, device: DeviceReport): void {
  const warnings = deviceWarnings(device).map((failure) => ({ type: "warning", failure }) as const);
  store.getState().applyRunEvents([{ type: "device", device }, ...warnings]);
}

/** A store that has lived through the scene. */
export async function storeOf(scene: Scene): Promise<StudioStore> {
  const id = scene === "big" ? "paper-xl2" : "first-minute";
  const { experiment } = presetById(id);
  const store = createStudioStore(experiment, id);
  fillData(store);
  const state = store.getState();
  switch (scene) {
    case "idle":
      break;
    case "slow":
      state.setCapability({
        kind: "slow",
        reason: { kind: "noWebGpu" },
        adapter: "the CPU (WebAssembly)",
        backend: "wasm",
      });
      break;
    case "nostart":
      await playRun(store, experiment, 40);
      reportDevice(store, {
        backend: "wasm",
        adapter: "CPU (WebAssembly, SIMD, threads: 4)",
        slow: true,
        float16: false,
        slowBecause: { kind: "failed", failure: NO_START },
      });
      break;
    case "selfcheck":
      await playRun(store, experiment, 40);
      reportDevice(store, {
        backend: "webgpu",
        adapter: "NVIDIA GeForce RTX 4070, ada",
        slow: false,
        float16: false,
        tile: "register 16x8 dots",
        selfCheck: {
          tiles: [{ name: "shared 4x4", reason: "LinearGradW off by 0.8" }],
          operations: [{ name: "Attention", reason: "gives no number" }],
          float16: "Linear off by 0.12",
        },
      });
      break;
    case "caching":
      state.beginRun({ runId: "run-1", name: "First minute", experiment, timeline: [] });
      state.applyCacheEvent({
        type: "progress",
        label: "Features (tiny-vit)",
        done: 1408,
        ready: { train: 0, heldOut: 0 },
        total: 3812,
        imagesPerSecond: 212,
      });
      break;
    case "firststep":
      state.beginRun({ runId: "run-1", name: "First minute", experiment, timeline: [] });
      reportDevice(store, {
        backend: "wasm",
        adapter: "CPU (WebAssembly, SIMD, threads: 4)",
        slow: true,
        float16: false,
        slowBecause: { kind: "asked" },
      });
      state.applyRunEvents([
        { type: "phase", phase: "compiling", step: 0 },
        { type: "activity", detail: "First step: forward pass, block 3 of 12" },
      ]);
      break;
    case "training":
      await playRun(store, experiment, 1340);
      break;
    case "big":
      await playRun(store, experiment, 100_000);
      break;
    case "paused":
      await playRun(store, experiment, 1340);
      state.applyRunEvents([{ type: "phase", phase: "paused", step: 1340 }]);
      state.setCursor(600);
      break;
    case "failed":
      await playRun(store, experiment, 1340);
      state.applyRunEvents([
        {
          type: "warning",
          failure: {
            code: "CHECKSUM_MISMATCH",
            message: "Shard 3 of Features (tiny-vit) was damaged and has been computed again.",
            hint: "The run goes on from the checkpoint before it.",
          },
        },
        {
          type: "failed",
          failure: {
            code: "NONFINITE_LOSS",
            message: "Loss became NaN at step 1341 (learning rate 0.001).",
            hint: "Resume from the last checkpoint with a lower learning rate or with gradient clipping on.",
          },
        },
      ]);
      break;
    case "link":
    case "badlink":
      state.offerLink({
        from: "link",
        experiment: scene === "link" ? experiment : null,
        timeline: scene === "link" ? TIMELINE : [],
        issues: [
          scene === "link"
            ? { path: "optimizer.batchSize", message: "4096 is above 1024; 256 is used instead." }
            : {
                path: "",
                message: "The link was made by a newer version (7); this page reads up to 1.",
              },
        ],
        costEstimate: {
          images: 3812,
          weights: [],
          items: [{ label: "Latents", bytes: 15_600_000, cachedBytes: 0, seconds: 12 }],
        },
        failure: null,
        mismatch: null,
      });
      break;
    case "analyse":
    case "analyseempty":
    case "analyseone":
    case "analyserunning":
    case "analysefailed":
      playAnalyseScene(store, scene);
      break;
    default:
      playDataScene(store, scene);
  }
  return store;
}
