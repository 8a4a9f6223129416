import type { EncoderId } from "../../src/common/config/experiment";
import type { DatasetSummary } from "../../src/common/protocol/datasets";
import type { FeatureMaps, ImagePage, PictureStrip } from "../../src/common/protocol/previews";
import type { WeightsNeeded, WeightsSummary } from "../../src/common/protocol/weights";
import { PAGE_IMAGES, type ImageQuery } from "../../src/page/store/previewSlice";
import type { StudioStore } from "../../src/page/store/studioStore";

/** Scripted states of the Data view and of the weights dialog; everything in them is made up. */
export type DataScene =
  | "data"
  | "dataempty"
  | "dataimport"
  | "datafailed"
  | "datamaps"
  | "weights"
  | "weightsget"
  | "weightsfailed"
  | "linkdata";

const HASH = "5e".repeat(32);
const CC_BY_NC = { name: "CC-BY-NC-4.0", nonCommercial: true };
const APACHE = { name: "Apache-2.0", nonCommercial: false };

export const DATASETS: readonly DatasetSummary[] = [
  {
    id: "d1",
    name: "Imagenette",
    source: "hub:frgfm/imagenette@main/full_size/train",
    data: {
      hash: HASH,
      source: "hub:frgfm/imagenette@main/full_size/train",
      resolution: 64,
      classes: 6,
      images: 9466,
    },
    classNames: ["tench", "springer", "cassette player", "chain saw", "church", "horn"],
    classCounts: [963, 955, 993, 858, 941, 956],
    images: 9466,
    resolution: 64,
    bytes: 116_400_000,
    skippedCount: 3,
    skipped: [
      { name: "train/n0144/00017.jpg", reason: "The JPEG ends after 4,096 bytes." },
      { name: "train/n0210/00003.jpg", reason: "Not an image: it starts with <!DOCTYPE." },
      { name: "train/n0303/00120.jpg", reason: "A side of 5 px is below 8." },
    ],
    notes: ["3 images with an Exif rotation, taken as their pixels are stored."],
    createdAtMs: 0,
    resumable: false,
  },
  {
    id: "d2",
    name: "holiday-photos",
    source: "folder:holiday-photos",
    data: null,
    classNames: ["beach", "mountains"],
    classCounts: [210, 92],
    images: 302,
    resolution: 128,
    bytes: 14_800_000,
    skippedCount: 0,
    skipped: [],
    notes: [],
    createdAtMs: 0,
    resumable: true,
  },
];

export const NEEDED: readonly WeightsNeeded[] = [
  {
    label: "DINOv2 ViT-B/14",
    files: ["timm/vit_base_patch14_dinov2.lvd142m", "facebook/dinov2-base"].map((repo) => ({
      repo,
      revision: "main",
      file: "model.safetensors",
      bytes: 346_400_000,
      licence: APACHE,
    })),
    keptBytes: 0,
  },
  {
    label: "MAE ViT-B/16",
    files: [
      {
        repo: "timm/vit_base_patch16_224.mae",
        revision: "main",
        file: "model.safetensors",
        bytes: 343_200_000,
        licence: CC_BY_NC,
      },
    ],
    keptBytes: 102_000_000,
  },
];

export const WEIGHTS: readonly WeightsSummary[] = [
  {
    key: "timm/vit_small_patch14_dinov2.lvd142m@main/model.safetensors",
    repo: "timm/vit_small_patch14_dinov2.lvd142m",
    file: "model.safetensors",
    commit: "0ab1",
    bytes: 44_100_000,
    complete: true,
    precision: "float16",
    rounding: { relativeRms: 0.000213, largest: 0.00391 },
    verified: true,
    licence: APACHE,
  },
  {
    key: "timm/vit_base_patch16_224.mae@main/model.safetensors",
    repo: "timm/vit_base_patch16_224.mae",
    file: "model.safetensors",
    commit: "77fe",
    bytes: 102_000_000,
    complete: false,
    precision: "stored",
    rounding: null,
    verified: false,
    licence: CC_BY_NC,
  },
];

/** Squares of the given side, coloured by `colour(picture, x, y)` with x, y in [0, 1). */
function strip(
  count: number,
  side: number,
  colour: (picture: number, x: number, y: number) => readonly [number, number, number],
): PictureStrip {
  const rgb = new Uint8Array(count * side * side * 3);
  let at = 0;
  for (let picture = 0; picture < count; picture += 1) {
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1, at += 3) {
        rgb.set(colour(picture, x / side, y / side), at);
      }
    }
  }
  return { side, rgb };
}

const disc = (x: number, y: number) => Math.hypot(x - 0.5, y - 0.5) < 0.38;

export function imagePage(query: ImageQuery): ImagePage {
  const total = query.label === null ? 3812 : 424;
  const count = Math.min(PAGE_IMAGES, total - query.first);
  const images = Array.from({ length: count }, (_, index) => query.first + index);
  const labels = images.map((image) => query.label ?? image % 6);
  return {
    images,
    labels,
    heldOut: images.map((image) => image % 11 === 3),
    pictures: strip(count, 32, (picture, x, y) => {
      const hue = (labels[picture] ?? 0) * 40 + 20;
      return disc(x, y) ? [120 + hue / 2, 220 - hue / 2, 80 + (picture % 5) * 30] : [248, 248, 250];
    }),
    total,
    classNames: ["Smileys", "People", "Animals", "Food", "Travel", "Activities"],
  };
}

export function featureMaps(encoder: EncoderId, grid: number, imageCount: number): FeatureMaps {
  const noise = encoder === "tiny-vit" ? 10 : 70;
  return {
    encoder,
    grid,
    maps: strip(imageCount, grid, (picture, x, y) => {
      const jitter = noise * Math.sin(37 * x + 91 * y + picture);
      return disc(x, y) ? [190 + jitter / 2, 90 + 60 * x, 70 + 40 * y] : [70, 120 + jitter, 170];
    }),
    explained: encoder === "tiny-vit" ? 0.61 : 0.38,
    spatialScore: encoder === "tiny-vit" ? 0.4127 : 0.2204,
    near: 0.7312,
    distant: 0.3185,
    imageCount,
    imagesPerSecond: encoder === "tiny-vit" ? 812 : 0.42,
  };
}

function fillView(store: StudioStore) {
  const state = store.getState();
  state.setView("data");
  state.setDatasets(DATASETS);
  state.setStoredWeights(WEIGHTS);
  state.setPrefillCostEstimate({
    images: 3812,
    weights: [],
    items: [
      { label: "Latents (tiny-kl)", bytes: 15_600_000, cachedBytes: 15_600_000, seconds: 0 },
      { label: "Features (tiny-vit)", bytes: 93_700_000, cachedBytes: 31_000_000, seconds: 14 },
    ],
  });
  state.setNeeds("tiny-vit", []);
  state.setNeeds("patch-histogram", []);
  const { query } = state.preview;
  state.askImages(query);
  state.setImages(imagePage(query));
}

function showMaps(store: StudioStore) {
  for (const image of [0, 3, 8, 14, 20, 31]) store.getState().toggleImage(image);
  const state = store.getState();
  state.beginMaps(["tiny-vit", "patch-histogram", "tiny-vit-untrained"]);
  state.setMapsDevice({
    backend: "webgpu",
    adapter: "NVIDIA GeForce RTX 4070, ada",
    slow: false,
    float16: true,
  });
  state.setMaps(featureMaps("tiny-vit", 8, 6));
  state.setMaps(featureMaps("patch-histogram", 8, 6));
  state.failMaps("tiny-vit-untrained", {
    code: "OUT_OF_MEMORY",
    message: "The device refused a buffer of 1.2 GB.",
    hint: "Choose fewer images or a smaller token grid.",
  });
}

/** Brings a store to one of these scenes; the page it had before is behind it. */
export function playDataScene(store: StudioStore, scene: DataScene): void {
  const state = store.getState();
  if (scene.startsWith("data")) fillView(store);
  switch (scene) {
    case "data":
      state.setImported(DATASETS[0]?.data ?? null);
      state.setNeeds("tiny-vit", NEEDED.slice(1));
      break;
    case "dataempty":
      state.setDatasets([]);
      state.setStoredWeights([]);
      state.askImages({ shown: "emoji", label: null, first: 0 });
      state.failImages({
        code: "DATASET_MISSING",
        message: "These images are not here, or their import is not complete.",
        hint: "Choose another data set, or go on with the import.",
      });
      break;
    case "dataimport":
      state.beginImport("CIFAR-10", "uoft-cs/cifar10, plain_text, split train");
      state.applyImportEvent({ type: "found", images: 50_000, bytes: 143_000_000 });
      state.applyImportEvent({
        type: "progress",
        done: 12_800,
        total: 50_000,
        skipped: 2,
        readBytes: 36_400_000,
        imagesPerSecond: 1480,
      });
      state.setPrefill("running");
      state.applyCacheEvent({
        type: "progress",
        label: "Features (tiny-vit)",
        done: 1408,
        ready: { train: 1280, heldOut: 128 },
        total: 3812,
        imagesPerSecond: 212,
      });
      break;
    case "datafailed":
      state.beginImport("holiday-photos", "folder holiday-photos");
      state.endImport({
        code: "PERMISSION_DENIED",
        message: "The browser was not allowed to read the folder again.",
        hint: "Press Allow again, or choose the folder anew.",
      });
      break;
    case "datamaps":
      showMaps(store);
      break;
    case "weights":
    case "weightsget":
    case "weightsfailed":
      askScene(store, scene);
      break;
    case "linkdata":
      state.offerLink({
        from: "link",
        experiment: {
          ...state.experiment.value,
          data: {
            ...state.experiment.value.data,
            dataset: "imported",
            imported: DATASETS[0]?.data ?? null,
          },
        },
        timeline: [],
        issues: [],
        costEstimate: null,
        failure: {
          code: "DATASET_MISSING",
          message: "The images this experiment was made with are not in this browser.",
          hint: "Import them from the same source at the same side.",
        },
        mismatch: null,
      });
  }
}

function askScene(store: StudioStore, scene: "weights" | "weightsget" | "weightsfailed") {
  const state = store.getState();
  state.askWeights(NEEDED, "train");
  if (scene === "weights") return;
  state.beginWeights();
  state.applyWeightsEvent({
    type: "progress",
    key: "timm/vit_base_patch14_dinov2.lvd142m@main/model.safetensors",
    doneBytes: 121_000_000,
    allBytes: 346_400_000,
    bytesPerSecond: 11_300_000,
  });
  if (scene === "weightsget") return;
  state.failWeights({
    code: "DOWNLOAD_FAILED",
    message: "The connection was cut after 121 MB of model.safetensors, five times in a row.",
    hint: "Check the network, then try again: what is here is kept.",
  });
}
