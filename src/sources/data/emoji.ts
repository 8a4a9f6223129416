import { z } from "zod";
import type { Experiment } from "../../common/config/experiment";
import { heldOutGroups } from "../../common/config/holdOut";
import { StudioError } from "../../common/errors/studioError";
import type { ReadFile } from "../../common/formats/readFile";
import { sha256Hex } from "../../common/formats/sha256";
import { randomPermutation } from "../../common/math/rng";
import type { ImageDataset } from "./dataset";
import { readEmojiFile, readParts, type TileSource } from "./emojiParts";

const INDEX_FILE = "emoji.json";
const STYLES = ["noto", "twemoji"] as const;
/** Raised when the same files would give other images or another order. */
const LAYOUT_VERSION = 1;

const Position = z.int().min(0);
const Sheet = z.strictObject({
  file: z.string().regex(/^[\w-]+\.png$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
/** public/emoji/emoji.json as scripts/buildEmoji.ts writes it. */
const EmojiIndex = z
  .strictObject({
    version: z.string(),
    tile: z.int().min(1).max(512),
    columns: z.int().min(1).max(1024),
    licences: z.record(z.string(), z.string()),
    sheets: z.strictObject({ noto: Sheet, twemoji: Sheet }),
    categories: z.array(z.string()).min(1),
    subcategories: z.array(z.string()).min(1),
    concepts: z
      .array(
        z.strictObject({
          id: z.string(),
          name: z.string(),
          category: Position,
          subcategory: Position,
          char: z.string(),
        }),
      )
      .min(2)
      .max(100_000),
  })
  .refine(
    ({ concepts, categories, subcategories }) =>
      concepts.every((c) => c.category < categories.length && c.subcategory < subcategories.length),
    "a concept names a category that is not listed",
  );
export type EmojiIndex = z.infer<typeof EmojiIndex>;

function parseIndex(bytes: Uint8Array): EmojiIndex {
  try {
    return EmojiIndex.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    const what =
      cause instanceof z.ZodError
        ? `${cause.issues[0]?.path.join(".") ?? ""}: ${cause.issues[0]?.message ?? ""}`
        : "it is not JSON";
    throw new StudioError(
      "DOWNLOAD_FAILED",
      `${INDEX_FILE} is not the index of the built-in images (${what}; ${bytes.length} bytes).`,
      "Reload the page; if it stays, the studio was built or copied without public/emoji.",
      { cause },
    );
  }
}

/** Which concepts are used, ascending, and which of them are held out. */
function splitConcepts(count: number, config: Experiment["data"]) {
  // the seed is fixed: every run, whatever its own seed, is measured on the same held-out concepts
  const order = randomPermutation({ seed: 0, stream: "emoji/hold-out" }, count);
  const heldOut = heldOutGroups(count, config.holdOutFraction);
  const limit = Math.ceil(config.imageLimit / STYLES.length);
  const train = limit === 0 ? count - heldOut : Math.min(limit, count - heldOut);
  return {
    concepts: order.slice(0, heldOut + train).sort(),
    heldOut: new Set(order.subarray(0, heldOut)),
  };
}

/**
 * The built-in images: concepts in Unicode's order, each first as Noto, then as Twemoji; classes are the
 * nine categories. A fixed share of the concepts is held out, in both styles, by a fixed permutation.
 * `imageLimit` shortens the training side (rounded up to whole concepts) and never the held-out side.
 * Pictures are fetched when they are read, in parts of a few hundred concepts, and stay in memory from then on.
 *
 * @throws StudioError DOWNLOAD_FAILED for the lists; reading images throws that, CHECKSUM_MISMATCH or BAD_IMAGE as well,
 *   each naming the file
 */
export async function loadEmoji(
  readFile: ReadFile,
  config: Experiment["data"],
): Promise<ImageDataset> {
  const indexBytes = await readEmojiFile(readFile, INDEX_FILE);
  const index = parseIndex(indexBytes);
  const { concepts, heldOut } = splitConcepts(index.concepts.length, config);
  const size = concepts.length * STYLES.length;

  const locate = (image: number) => {
    const concept = concepts[Math.floor(image / STYLES.length)];
    const style = image % STYLES.length;
    const name = STYLES[style];
    if (concept === undefined || name === undefined) {
      throw new StudioError(
        "OUT_OF_RANGE",
        `There is no image ${image}: the built-in data has ${size}.`,
        "Ask for images numbered from 0 to the data set's size less one.",
      );
    }
    return { concept, style, name };
  };
  const all = Uint32Array.from({ length: size }, (_, image) => image);
  const identity = `emoji/${LAYOUT_VERSION} ${await sha256Hex(indexBytes)} ${concepts.join(",")}`;
  let tiles: Promise<TileSource> | undefined;
  /** The list of the parts is read with the first picture: what asks for numbers alone needs none. */
  const openTiles = () => {
    tiles ??= readParts(readFile, { ...index, count: index.concepts.length });
    tiles.catch(() => (tiles = undefined)); // the next read tries again
    return tiles;
  };
  return {
    id: "emoji",
    // the index holds the checksums of the whole sheets, which the parts are cut from: this covers every pixel
    hash: await sha256Hex(new TextEncoder().encode(identity)),
    size,
    resolution: index.tile,
    classNames: index.categories,
    labelOf: (image) => index.concepts[locate(image).concept]?.category ?? 0,
    groupOf: (image) => locate(image).concept,
    styleOf: (image) => locate(image).style,
    trainIndices: all.filter((image) => !heldOut.has(locate(image).concept)),
    heldOutIndices: all.filter((image) => heldOut.has(locate(image).concept)),
    readRgb: async (indices) => {
      const wanted = Array.from(indices, locate);
      return (await openTiles()).read(
        wanted.map(({ name, concept }) => ({ style: name, concept })),
      );
    },
  };
}
