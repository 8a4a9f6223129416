import type { EncoderId } from "../config/experiment";

/** What a frozen encoder is, and how images become its tokens. */
export interface EncoderRow {
  readonly id: EncoderId;
  /** Named for what it is: none of these is a published model. */
  readonly label: string;
  readonly about: string;
  /** Features of a token, Z. */
  readonly width: number;
  /**
   * Part of every cache key: raised when the code would give other features, with the start of the file's
   * SHA-256 where there is a file.
   */
  readonly version: string;
  /** Input side = token grid * patch; images are resized (plain bicubic), then (x - mean) / std of [0, 1]. */
  readonly input: {
    readonly patch: number;
    readonly mean: readonly [number, number, number];
    readonly std: readonly [number, number, number];
  };
  /** Which tokens come out: always the patches alone, row-major. */
  readonly tokens: "patches after the final norm" | "one histogram a patch";
  /** Card below public/models, which names the file of weights; absent for what has no weights. */
  readonly card?: string;
}

const HALF = [0.5, 0.5, 0.5] as const;

export const ENCODER_CATALOGUE: Readonly<Record<EncoderId, EncoderRow>> = {
  "tiny-vit": {
    id: "tiny-vit",
    label: "Tiny ViT (trained here)",
    about:
      "A small vision transformer trained by this project on the built-in images without labels. Not DINOv2.",
    width: 128,
    version: "1-ed3c5694",
    input: { patch: 8, mean: HALF, std: HALF },
    tokens: "patches after the final norm",
    card: "tiny-vit.json",
  },
  "tiny-vit-untrained": {
    id: "tiny-vit-untrained",
    label: "Tiny ViT, untrained",
    about: "A control: the same network with the random weights its training started from.",
    width: 128,
    version: "1",
    input: { patch: 8, mean: HALF, std: HALF },
    tokens: "patches after the final norm",
    card: "tiny-vit.json", // for its shape and seed
  },
  "patch-histogram": {
    id: "patch-histogram",
    label: "Patch colour and gradient histograms (hand-made)",
    about:
      "A control without learning: how much of each colour level and edge direction a patch has.",
    width: 48,
    version: "1",
    input: { patch: 8, mean: HALF, std: HALF },
    tokens: "one histogram a patch",
  },
};

export const encoderRow = (id: EncoderId): EncoderRow => ENCODER_CATALOGUE[id];
