import type { HubFile, Licence } from "./hubFile";

export const AUTOENCODER_IDS = [
  "tiny-kl",
  "pixels",
  "taesd",
  "sd-vae-ft-mse",
  "sd-vae-ft-ema",
] as const;
export type AutoencoderId = (typeof AUTOENCODER_IDS)[number];

/** diffusers' AutoencoderKL, by what decides its parameters and its memory; `scalingFactor` is the row's. */
export interface KlArchitecture {
  readonly kind: "kl";
  /** Channels of each level, from the image's resolution down; every level but the last halves the side. */
  readonly blockOutChannels: readonly number[];
  /** Residual blocks a level of the encoder; the decoder has one more. */
  readonly layersPerBlock: number;
  readonly normNumGroups: number;
}

export interface TaesdArchitecture {
  readonly kind: "taesd";
  /** Channels of every inner layer. */
  readonly width: number;
}

export type AutoencoderArchitecture =
  | KlArchitecture
  | TaesdArchitecture
  | { readonly kind: "pixels" };

export interface AutoencoderRow {
  readonly id: AutoencoderId;
  /** As an option reads. */
  readonly label: string;
  /** Short enough for a legend. */
  readonly short: string;
  readonly about: string;
  /** Part of the cache keys of its latents: raised when the same images would give other ones. */
  readonly version: string;
  /** Image px one latent px spans, along a side. */
  readonly factor: number;
  readonly latentChannels: number;
  /** The diffusion model sees latents times this. */
  readonly scalingFactor: number;
  readonly parameters: number;
  readonly architecture: AutoencoderArchitecture;
  /** Where its weights are to be had, the preferred file first; any one of them is enough. None: built in. */
  readonly files: readonly HubFile[];
}

const MIT: Licence = { name: "MIT", nonCommercial: false };

/** What both fine-tuned decoders of Stable Diffusion's autoencoder share. */
const SD_VAE = {
  version: "1",
  factor: 8,
  latentChannels: 4,
  scalingFactor: 0.18215,
  parameters: 83_653_863,
  architecture: {
    kind: "kl",
    blockOutChannels: [128, 256, 512, 512],
    layersPerBlock: 2,
    normNumGroups: 32,
  },
} as const;

const sdVaeFile = (repo: string): HubFile => ({
  repo,
  revision: "main",
  file: "diffusion_pytorch_model.safetensors",
  bytes: 335_000_000,
  licence: MIT,
});

/** @source stabilityai/sd-vae-ft-mse, stabilityai/sd-vae-ft-ema and madebyollin/taesd on the Hugging Face hub */
const ROWS: Readonly<Record<AutoencoderId, Omit<AutoencoderRow, "id">>> = {
  "tiny-kl": {
    label: "Tiny KL, built in",
    short: "tiny-kl",
    about: "A small AutoencoderKL trained here on the built-in images.",
    version: "1-0e531f47", // the committed file's checksum: new weights miss old caches
    factor: 4,
    latentChannels: 4,
    scalingFactor: 0.6754,
    parameters: 681_911,
    architecture: {
      kind: "kl",
      blockOutChannels: [16, 32, 64],
      layersPerBlock: 1,
      normNumGroups: 8,
    },
    files: [],
  },
  pixels: {
    label: "None (pixels)",
    short: "pixels",
    about: "No autoencoder: the model works on pixels.",
    version: "1",
    factor: 1,
    latentChannels: 3,
    scalingFactor: 1,
    parameters: 0,
    architecture: { kind: "pixels" },
    files: [],
  },
  taesd: {
    label: "TAESD",
    short: "taesd",
    about: "A small stand-in for Stable Diffusion's autoencoder; its latents have no variance.",
    version: "1",
    factor: 8,
    latentChannels: 4,
    scalingFactor: 1, // its latents are those of Stable Diffusion after scaling
    parameters: 2_445_063,
    architecture: { kind: "taesd", width: 64 },
    files: [
      {
        repo: "madebyollin/taesd",
        revision: "main",
        file: "diffusion_pytorch_model.safetensors",
        bytes: 9_793_292,
        licence: MIT,
      },
    ],
  },
  "sd-vae-ft-mse": {
    ...SD_VAE,
    label: "SD-VAE ft-MSE",
    short: "ft-mse",
    about: "Stable Diffusion's autoencoder with the smoother decoder: the paper's.",
    files: [sdVaeFile("stabilityai/sd-vae-ft-mse")],
  },
  "sd-vae-ft-ema": {
    ...SD_VAE,
    label: "SD-VAE ft-EMA",
    short: "ft-ema",
    about: "The same encoder with the decoder REPA's generate.py draws by default.",
    files: [sdVaeFile("stabilityai/sd-vae-ft-ema")],
  },
};

export const autoencoderRow = (id: AutoencoderId): AutoencoderRow => ({ id, ...ROWS[id] });
