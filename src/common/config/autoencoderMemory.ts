import type { AutoencoderRow, KlArchitecture, TaesdArchitecture } from "../catalogue/autoencoders";

/**
 * How much GPU memory an autoencoder takes, from shapes alone: the tensors of src/engine/models/autoencoderKl.ts and
 * taesd.ts are made and dropped here in the same order. Counted for plain operations, as the cpu and wasm backends
 * run them; WebGPU has fused activations, but turns a copy of a picture before it sums over it.
 */

const FLOAT = 4;
const IMAGE_CHANNELS = 3;
/** Levels of TAESD that change the side, and residual blocks at each. */
const TAESD_LEVELS = 3;
const TAESD_BLOCKS = 3;

/** GPU memory encoding and decoding must fit in, weights included. */
export const AUTOENCODER_BOUND_BYTES = 2_000_000_000;
/** Images that are passed at once at most: more fill no GPU better. */
const MOST_IMAGES = 32;
/** Scores of the attention in the middle that are alive at once; the rest waits (src/engine/nn/slicedAttention.ts). */
export const ATTENTION_SCORE_BYTES = 2 ** 25;

export interface PassMemory {
  /** Most bytes alive at once: input, output and everything between, without the weights. */
  readonly peakBytes: number;
  /** Bytes of a pool that reuses buffers of equal size only, as tfjs' on WebGPU does: never less. */
  readonly pooledBytes: number;
}

/** Counts what is alive while tensors are made and dropped. */
function createLedger() {
  const bySize = new Map<number, { live: number; most: number }>();
  let [live, peak] = [0, 0];
  return {
    make: (bytes: number) => {
      live += bytes;
      peak = Math.max(peak, live);
      const size = bySize.get(bytes) ?? { live: 0, most: 0 };
      const next = size.live + 1;
      bySize.set(bytes, { live: next, most: Math.max(size.most, next) });
    },
    drop: (...sizes: readonly number[]) => {
      for (const bytes of sizes) {
        live -= bytes;
        const size = bySize.get(bytes);
        if (size) bySize.set(bytes, { ...size, live: size.live - 1 });
      }
    },
    memory: (): PassMemory => ({
      peakBytes: peak,
      pooledBytes: [...bySize].reduce((sum, [bytes, { most }]) => sum + bytes * most, 0),
    }),
  };
}
type Ledger = ReturnType<typeof createLedger>;

/** A picture on its way through the layers: [images, side, side, channels]. */
interface Picture {
  readonly images: number;
  readonly side: number;
  readonly channels: number;
}

const bytesOf = ({ images, side, channels }: Picture): number =>
  images * side ** 2 * channels * FLOAT;

/** A convolution; its input stays. */
function conv(ledger: Ledger, x: Picture, outputs: number, kernel = 3, side = x.side): Picture {
  const filter = kernel ** 2 * x.channels * outputs * FLOAT;
  const y = { ...x, side, channels: outputs };
  ledger.make(filter);
  ledger.make(bytesOf(y));
  ledger.drop(filter);
  return y;
}

/** `conv` of a picture nobody needs afterwards. */
function convDropping(ledger: Ledger, x: Picture, outputs: number, kernel = 3, side = x.side) {
  const y = conv(ledger, x, outputs, kernel, side);
  ledger.drop(bytesOf(x));
  return y;
}

/** Something that gives a picture of the same shape, and so many more on the way; its input stays. */
function sameShape(ledger: Ledger, x: Picture, temporaries: number): Picture {
  const bytes = bytesOf(x);
  for (let i = 0; i <= temporaries; i++) ledger.make(bytes);
  for (let i = 0; i < temporaries; i++) ledger.drop(bytes);
  return x;
}

/** GroupNorm: the centred picture and its square, or what it becomes. Its input stays. */
const groupNorm = (ledger: Ledger, x: Picture) => sameShape(ledger, x, 1);

/** GroupNorm and SiLU, whose gate is a picture too; the input stays. */
function normSilu(ledger: Ledger, x: Picture): Picture {
  groupNorm(ledger, x);
  sameShape(ledger, x, 1);
  ledger.drop(bytesOf(x));
  return x;
}

/** Drops its input. */
function resnet(ledger: Ledger, x: Picture, outputs: number): Picture {
  const h = convDropping(ledger, normSilu(ledger, x), outputs);
  normSilu(ledger, h);
  ledger.drop(bytesOf(h));
  convDropping(ledger, h, outputs);
  const shortcut = x.channels === outputs ? [] : [bytesOf(conv(ledger, x, outputs, 1))];
  ledger.make(bytesOf(h));
  ledger.drop(bytesOf(x), bytesOf(h), ...shortcut);
  return h;
}

/** Drops its input. */
function midAttention(ledger: Ledger, x: Picture): Picture {
  const tokens = x.side ** 2;
  const picture = bytesOf(x);
  const rows = Math.min(
    tokens,
    Math.max(1, Math.floor(ATTENTION_SCORE_BYTES / (x.images * tokens * FLOAT))),
  );
  const scores = x.images * rows * tokens * FLOAT;
  groupNorm(ledger, x);
  const kept = [picture, picture, picture]; // q, k, v
  for (const bytes of kept) ledger.make(bytes);
  const slice = (picture * rows) / tokens;
  const passing = [slice, slice, scores, scores]; // a slice's queries, those scaled, scores, softmax
  for (const bytes of passing) ledger.make(bytes);
  ledger.drop(...passing);
  const mixed = [picture, picture, picture]; // all slices, joined, through the last linear map
  for (const bytes of mixed) ledger.make(bytes);
  ledger.make(picture);
  ledger.drop(...mixed, ...kept, picture, picture);
  return x;
}

/** Drops its input. */
const midBlock = (ledger: Ledger, x: Picture): Picture =>
  resnet(ledger, midAttention(ledger, resnet(ledger, x, x.channels)), x.channels);

/** Drops its input. */
function head(ledger: Ledger, x: Picture, outputs: number): Picture {
  normSilu(ledger, x);
  ledger.drop(bytesOf(x));
  return convDropping(ledger, x, outputs);
}

/** Twice the side: rows are doubled first; its input stays. */
function upsample(ledger: Ledger, x: Picture): Picture {
  const y = { ...x, side: 2 * x.side };
  ledger.make(bytesOf(y) / 2);
  ledger.make(bytesOf(y));
  ledger.drop(bytesOf(y) / 2);
  return y;
}

function klEncode(ledger: Ledger, images: Picture, architecture: KlArchitecture, latent: number) {
  const { blockOutChannels: widths, layersPerBlock } = architecture;
  let h = conv(ledger, images, widths[0] ?? 0);
  widths.forEach((width, level) => {
    for (let layer = 0; layer < layersPerBlock; layer++) h = resnet(ledger, h, width);
    if (level < widths.length - 1) h = convDropping(ledger, h, width, 3, h.side / 2);
  });
  h = head(ledger, midBlock(ledger, h), 2 * latent);
  return convDropping(ledger, h, 2 * latent, 1);
}

function klDecode(ledger: Ledger, latents: Picture, architecture: KlArchitecture) {
  const { blockOutChannels, layersPerBlock } = architecture;
  const widths = [...blockOutChannels].reverse();
  let h = convDropping(ledger, conv(ledger, latents, latents.channels, 1), widths[0] ?? 0);
  h = midBlock(ledger, h);
  widths.forEach((width, level) => {
    for (let layer = 0; layer <= layersPerBlock; layer++) h = resnet(ledger, h, width);
    if (level < widths.length - 1) {
      const wide = upsample(ledger, h);
      ledger.drop(bytesOf(h));
      h = convDropping(ledger, wide, width);
    }
  });
  return head(ledger, h, IMAGE_CHANNELS);
}

/** An activation that replaces its input. */
function relu(ledger: Ledger, x: Picture): Picture {
  sameShape(ledger, x, 0);
  ledger.drop(bytesOf(x));
  return x;
}

/** Drops its input. */
function taesdBlock(ledger: Ledger, x: Picture): Picture {
  let h = relu(ledger, conv(ledger, x, x.channels));
  h = relu(ledger, convDropping(ledger, h, x.channels));
  h = convDropping(ledger, h, x.channels);
  relu(ledger, relu(ledger, h)); // the sum, then its activation
  ledger.drop(bytesOf(x));
  return x;
}

function taesdBlocks(ledger: Ledger, x: Picture): Picture {
  for (let i = 0; i < TAESD_BLOCKS; i++) taesdBlock(ledger, x);
  return x;
}

function taesdEncode(
  ledger: Ledger,
  images: Picture,
  { width }: TaesdArchitecture,
  latent: number,
) {
  let h = taesdBlock(ledger, conv(ledger, images, width));
  for (let level = 0; level < TAESD_LEVELS; level++) {
    h = taesdBlocks(ledger, convDropping(ledger, h, width, 3, h.side / 2));
  }
  return convDropping(ledger, h, latent);
}

function taesdDecode(ledger: Ledger, latents: Picture, { width }: TaesdArchitecture) {
  let h = relu(ledger, convDropping(ledger, sameShape(ledger, latents, 1), width));
  for (let level = 0; level < TAESD_LEVELS; level++) {
    const before = taesdBlocks(ledger, h);
    h = convDropping(ledger, upsample(ledger, before), width);
    ledger.drop(bytesOf(before));
  }
  return convDropping(ledger, taesdBlock(ledger, h), IMAGE_CHANNELS);
}

/** What of a row decides its memory. */
export type CountedAutoencoder = Pick<AutoencoderRow, "architecture" | "latentChannels">;

/** Memory of encoding `images` pictures of `resolution` px a side at once. */
export function encodeMemory(
  { architecture, latentChannels }: CountedAutoencoder,
  images: number,
  resolution: number,
): PassMemory {
  const ledger = createLedger();
  const pictures = { images, side: resolution, channels: IMAGE_CHANNELS };
  ledger.make(bytesOf(pictures));
  if (architecture.kind === "kl") {
    const raw = bytesOf(klEncode(ledger, pictures, architecture, latentChannels));
    for (let part = 0; part < 4; part++) ledger.make(raw / 2); // mean, logvar twice, std
  } else if (architecture.kind === "taesd") {
    sameShape(ledger, pictures, 1); // in [0, 1]
    sameShape(ledger, taesdEncode(ledger, pictures, architecture, latentChannels), 0);
  } else sameShape(ledger, pictures, 1);
  return ledger.memory();
}

/** Memory of decoding to `images` pictures of `resolution` px a side at once. */
export function decodeMemory(
  { architecture, latentChannels, factor }: CountedAutoencoder & Pick<AutoencoderRow, "factor">,
  images: number,
  resolution: number,
): PassMemory {
  const ledger = createLedger();
  const latents = { images, side: resolution / factor, channels: latentChannels };
  ledger.make(bytesOf(latents));
  if (architecture.kind === "kl") klDecode(ledger, latents, architecture);
  else if (architecture.kind === "taesd") {
    sameShape(ledger, taesdDecode(ledger, latents, architecture), 1); // in [-1, 1] again
  } else sameShape(ledger, latents, 0);
  return ledger.memory();
}

/**
 * How many images pass at once so that encoding and decoding stay within `budgetBytes`, weights not included: at
 * least one, whatever it takes.
 */
export function chunkSize(row: AutoencoderRow, resolution: number, budgetBytes: number): number {
  const needs = (images: number) =>
    Math.max(
      encodeMemory(row, images, resolution).pooledBytes,
      decodeMemory(row, images, resolution).pooledBytes,
    );
  let images = MOST_IMAGES;
  while (images > 1 && needs(images) > budgetBytes) images--;
  return images;
}

/** `chunkSize` within the stated bound. */
export const imagesAtOnce = (row: AutoencoderRow, resolution: number): number =>
  chunkSize(row, resolution, AUTOENCODER_BOUND_BYTES - row.parameters * FLOAT);
