import { published, vit, type EncoderRow, type Published, type VitShape } from "./encoderRow";
import type { Licence } from "./hubFile";
import type { VitArchitecture } from "./vitArchitecture";

const APACHE: Licence = { name: "Apache-2.0", nonCommercial: false };
const MIT: Licence = { name: "MIT", nonCommercial: false };
const NON_COMMERCIAL: Licence = { name: "CC-BY-NC-4.0", nonCommercial: true };

const SMALL = { width: 384, depth: 12, heads: 6 } as const;
const BASE = { width: 768, depth: 12, heads: 12 } as const;
const LARGE = { width: 1024, depth: 24, heads: 16 } as const;
const HUGE = { width: 1280, depth: 32, heads: 16 } as const;
const GIANT = { width: 1536, depth: 40, heads: 24 } as const;

/** The encoder this project trains (npm run pretrain). */
export const TINY_VIT = vit(
  { width: 128, depth: 4, heads: 4, patch: 8, grid: 8 },
  // GELU by tanh: erf is slow on wasm
  { mlp: { activation: "gelu-tanh", hidden: 512 }, clsToken: false },
);
const BUILT_IN = {
  family: "built-in",
  input: { patch: 8, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], order: "normalise, resize" },
} as const;

const DINOV2_SIZES = {
  s: { name: "small", shape: SMALL, bytes: 88_224_768 },
  b: { name: "base", shape: BASE, bytes: 346_318_848 },
  l: { name: "large", shape: LARGE, bytes: 1_217_470_464 },
  g: { name: "giant", shape: GIANT, bytes: 4_545_916_928 },
} as const;
type Dinov2Size = keyof typeof DINOV2_SIZES;

function dinov2<const Id extends string>(id: Id, size: Dinov2Size, registers: 0 | 4) {
  const { name, shape, bytes } = DINOV2_SIZES[size];
  const letter = size === "g" ? "g" : size.toUpperCase();
  const [timm, transformers] =
    registers > 0 ? ["reg4_dinov2", "dinov2-with-registers"] : ["dinov2", "dinov2"];
  return published({
    id,
    label: `DINOv2 ViT-${letter}/14${registers > 0 ? " with registers" : ""}`,
    short: `DINOv2-${letter}${registers > 0 ? " reg" : ""}`,
    about: `Self-supervised on 142 million images${registers > 0 ? ", with register tokens" : ""}.`,
    family: "dinov2",
    architecture: vit(
      { ...shape, patch: 14, grid: 37 },
      {
        layerScale: true,
        registers,
        ...(size === "g" ? { mlp: { activation: "swiglu", hidden: 4096 } } : {}),
      },
    ),
    repos: [`timm/vit_${name}_patch14_${timm}.lvd142m`, `facebook/${transformers}-${name}`],
    bytes,
    licence: APACHE,
    encType: `dinov2${registers > 0 ? "reg" : ""}-vit-${size}`,
  });
}

const ABOUT = {
  dino: "Self-distillation on ImageNet without labels.",
  mae: "Rebuilds masked pixels of ImageNet.",
  mocov3: "Contrastive learning on ImageNet without labels.",
  clip: "Images and captions drawn together, 400 million of them.",
  ijepa: "Predicts features of hidden parts of ImageNet.",
} as const;
/** Trained at 224 px, 16 px a patch. */
const PATCH_16 = { patch: 16, grid: 14 } as const;
const PLAIN_BYTES = { s: 86_662_656, b: 343_194_624, l: 1_213_206_528 } as const;

/** DINO, MAE and MoCo v3: the plain transformer at 16 px a patch. */
const plain16 = <const Id extends string>(
  facts: Omit<Published<Id>, "about" | "architecture"> & {
    readonly family: "dino" | "mae" | "mocov3";
    readonly shape: Pick<VitShape, "width" | "depth" | "heads">;
  },
): EncoderRow<Id> => {
  const { shape, ...named } = facts;
  const architecture = vit({ ...shape, ...PATCH_16 }, { finalNorm: facts.family !== "mae" });
  return published({ ...named, about: ABOUT[facts.family], architecture });
};

/** What OpenAI's towers share: quick GELU, a norm before the blocks, no patch bias, eps 1e-5, no norm after. */
const clip = (shape: VitShape): VitArchitecture =>
  vit(shape, {
    mlp: { activation: "quick-gelu", hidden: 4 * shape.width },
    patchBias: false,
    preNorm: true,
    normEps: 1e-5,
    finalNorm: false,
  });
const CLIP_INPUT = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
  order: "resize, normalise",
} as const;

/** One row an encoder: everything else about encoders is derived from this list. */
const ROWS = [
  {
    ...BUILT_IN,
    id: "tiny-vit",
    label: "Tiny ViT, trained here",
    short: "tiny-vit",
    about:
      "A small vision transformer trained by this project on the built-in images without labels. Not DINOv2.",
    width: TINY_VIT.width,
    version: "1-ed3c5694",
    vit: TINY_VIT,
    weights: { kind: "built-in", card: "tiny-vit.json" },
  },
  {
    ...BUILT_IN,
    id: "tiny-vit-2",
    label: "Tiny ViT 2, trained here",
    short: "tiny-vit-2",
    about:
      "The same network, trained longer by this project for what its tokens are used for: its averaged tokens tell concepts apart better than the first one's. Not DINOv2.",
    width: TINY_VIT.width,
    version: "1-ed24797a",
    vit: TINY_VIT,
    weights: { kind: "built-in", card: "tiny-vit-2.json" },
  },
  {
    ...BUILT_IN,
    id: "tiny-vit-untrained",
    label: "Tiny ViT, untrained (control)",
    short: "untrained",
    about: "A control: the same network with the random weights its training started from.",
    width: TINY_VIT.width,
    version: "1",
    vit: TINY_VIT,
    weights: { kind: "untrained", card: "tiny-vit.json" },
  },
  {
    ...BUILT_IN,
    id: "patch-histogram",
    label: "Patch histograms (hand-made control)",
    short: "histogram",
    about:
      "A control without learning: how much of each colour level and edge direction a patch has.",
    width: 48,
    version: "1",
    weights: { kind: "none" },
  },
  dinov2("dinov2-s", "s", 0),
  dinov2("dinov2-b", "b", 0),
  dinov2("dinov2-l", "l", 0),
  dinov2("dinov2-g", "g", 0),
  dinov2("dinov2-s-reg", "s", 4),
  dinov2("dinov2-b-reg", "b", 4),
  dinov2("dinov2-l-reg", "l", 4),
  dinov2("dinov2-g-reg", "g", 4),
  plain16({
    id: "dino-s",
    label: "DINO ViT-S/16",
    short: "DINO-S",
    family: "dino",
    shape: SMALL,
    repos: ["timm/vit_small_patch16_224.dino", "facebook/dino-vits16"],
    bytes: PLAIN_BYTES.s,
    licence: APACHE,
  }),
  plain16({
    id: "dino-b",
    label: "DINO ViT-B/16",
    short: "DINO-B",
    family: "dino",
    shape: BASE,
    repos: ["timm/vit_base_patch16_224.dino", "facebook/dino-vitb16"],
    bytes: PLAIN_BYTES.b,
    licence: APACHE,
  }),
  plain16({
    id: "mae-b",
    label: "MAE ViT-B/16",
    short: "MAE-B",
    family: "mae",
    shape: BASE,
    repos: ["timm/vit_base_patch16_224.mae", "facebook/vit-mae-base"],
    bytes: PLAIN_BYTES.b,
    licence: NON_COMMERCIAL,
  }),
  plain16({
    id: "mae-l",
    label: "MAE ViT-L/16",
    short: "MAE-L",
    family: "mae",
    shape: LARGE,
    repos: ["timm/vit_large_patch16_224.mae", "facebook/vit-mae-large"],
    bytes: PLAIN_BYTES.l,
    licence: NON_COMMERCIAL,
    encType: "mae-vit-l",
  }),
  plain16({
    id: "mocov3-b",
    label: "MoCo v3 ViT-B/16",
    short: "MoCo-B",
    family: "mocov3",
    shape: BASE,
    repos: ["nyu-visionx/moco-v3-vit-b"],
    bytes: PLAIN_BYTES.b,
    licence: NON_COMMERCIAL,
    encType: "mocov3-vit-b",
  }),
  plain16({
    id: "mocov3-l",
    label: "MoCo v3 ViT-L/16",
    short: "MoCo-L",
    family: "mocov3",
    shape: LARGE,
    repos: ["nyu-visionx/moco-v3-vit-l"],
    bytes: PLAIN_BYTES.l,
    licence: NON_COMMERCIAL,
    encType: "mocov3-vit-l",
  }),
  published({
    id: "clip-b",
    label: "CLIP ViT-B/16",
    short: "CLIP-B",
    about: ABOUT.clip,
    family: "clip",
    architecture: clip({ ...BASE, ...PATCH_16 }),
    repos: ["timm/vit_base_patch16_clip_224.openai", ["openai/clip-vit-base-patch16", 598_482_948]],
    bytes: 344_772_608,
    licence: MIT,
    input: CLIP_INPUT,
  }),
  published({
    id: "clip-l",
    label: "CLIP ViT-L/14",
    short: "CLIP-L",
    about: ABOUT.clip,
    family: "clip",
    architecture: clip({ ...LARGE, patch: 14, grid: 16 }),
    repos: [
      "timm/vit_large_patch14_clip_224.openai",
      ["openai/clip-vit-large-patch14", 1_710_466_052],
    ],
    bytes: 1_215_867_904,
    licence: MIT,
    input: CLIP_INPUT,
    encType: "clip-vit-L",
  }),
  published({
    id: "ijepa-h",
    label: "I-JEPA ViT-H/14",
    short: "I-JEPA-H",
    about: ABOUT.ijepa,
    family: "ijepa",
    architecture: vit({ ...HUGE, patch: 14, grid: 16 }, { clsToken: false }),
    repos: ["facebook/ijepa_vith14_1k"],
    bytes: 2_523_048_960,
    licence: NON_COMMERCIAL,
    encType: "jepa-vit-h",
  }),
] as const satisfies readonly EncoderRow[];

export type EncoderId = (typeof ROWS)[number]["id"];

/** In the order they are offered. */
export const ENCODER_IDS: readonly EncoderId[] = ROWS.map(({ id }) => id);
export const ENCODER_ROWS: readonly EncoderRow<EncoderId>[] = ROWS;

export function encoderRow(id: EncoderId): EncoderRow<EncoderId> {
  const row = ENCODER_ROWS.find((candidate) => candidate.id === id);
  if (!row) throw new RangeError(`The catalogue has no encoder "${id}".`);
  return row;
}
