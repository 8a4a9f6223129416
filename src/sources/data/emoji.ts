import { z } from "zod";
import type { Experiment } from "../../common/config/experiment";
import { heldOutGroups } from "../../common/config/holdOut";
import { StudioError } from "../../common/errors/studioError";
import { decodePng } from "../../common/formats/png";
import type { ReadFile } from "../../common/formats/readFile";
import { sha256Hex } from "../../common/formats/sha256";
import { randomPermutation } from "../../common/math/rng";
import type { ImageDataset } from "./dataset";

const INDEX_FILE = "emoji.json";
const STYLES = ["noto", "twemoji"] as const;
const CHANNELS = 3;
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

async function readNamed(readFile: ReadFile, name: string): Promise<Uint8Array> {
  try {
    return await readFile(name);
  } catch (cause) {
    if (cause instanceof StudioError) throw cause;
    throw new StudioError(
      "DOWNLOAD_FAILED",
      `${name} of the built-in images could not be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      "Check the connection and reload the page.",
      { cause },
    );
  }
}

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

type Style = (typeof STYLES)[number];

/** A sheet's pixels [rows * tile, columns * tile, 3], checked against its checksum and size. */
async function readSheet(readFile: ReadFile, index: EmojiIndex, style: Style): Promise<Uint8Array> {
  const { file, sha256 } = index.sheets[style];
  const bytes = await readNamed(readFile, file);
  const found = await sha256Hex(bytes);
  if (found !== sha256) {
    throw new StudioError(
      "CHECKSUM_MISMATCH",
      `${file} has SHA-256 ${found.slice(0, 12)}…, expected ${sha256.slice(0, 12)}… (${bytes.length} bytes).`,
      "The file is damaged or of another version: reload the page, or clear the browser's cache for it.",
    );
  }
  const width = index.columns * index.tile;
  const height = Math.ceil(index.concepts.length / index.columns) * index.tile;
  const bad = (what: string, cause?: unknown) =>
    new StudioError(
      "BAD_IMAGE",
      `${file}: ${what}; expected an 8-bit RGB picture of ${width} x ${height} px.`,
      "Build the sheets again with npm run build:emoji.",
      { cause },
    );
  let png;
  try {
    png = await decodePng(new Uint8Array(bytes));
  } catch (cause) {
    throw bad(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (png.width !== width || png.height !== height) {
    throw bad(`it is ${png.width} x ${png.height} px`);
  }
  return png.rgb;
}

/** Sheets by style, each read once, when it is first asked for; one that could not be read is tried again. */
function sheetsOf(readFile: ReadFile, index: EmojiIndex) {
  const known = new Map<Style, Promise<Uint8Array>>();
  return (style: Style): Promise<Uint8Array> => {
    const reading = known.get(style) ?? readSheet(readFile, index, style);
    known.set(style, reading);
    reading.catch(() => known.delete(style));
    return reading;
  };
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

/** Copies tile `concept` of a sheet to `out` at `offset`. */
function copyTile(sheet: Uint8Array, index: EmojiIndex, concept: number) {
  const { tile, columns } = index;
  const stride = columns * tile * CHANNELS;
  const left = (concept % columns) * tile * CHANNELS;
  const top = Math.floor(concept / columns) * tile;
  return (out: Uint8Array, offset: number) => {
    for (let y = 0; y < tile; y++) {
      const from = (top + y) * stride + left;
      out.set(sheet.subarray(from, from + tile * CHANNELS), offset + y * tile * CHANNELS);
    }
  };
}

/**
 * The built-in images: concepts in Unicode's order, each first as Noto, then as Twemoji; classes are the
 * nine categories. A fixed share of the concepts is held out, in both styles, by a fixed permutation.
 * `imageLimit` shortens the training side (rounded up to whole concepts) and never the held-out side.
 *
 * Only the index is read at once: it says which images there are, and a run whose caches are filled needs no picture.
 * `readRgb` reads the sheets, 10 MB, when it is first called.
 * @throws StudioError DOWNLOAD_FAILED; from `readRgb` also CHECKSUM_MISMATCH and BAD_IMAGE; each names the file
 */
export async function loadEmoji(
  readFile: ReadFile,
  config: Experiment["data"],
): Promise<ImageDataset> {
  const indexBytes = await readNamed(readFile, INDEX_FILE);
  const index = parseIndex(indexBytes);
  const sheetOf = sheetsOf(readFile, index);
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
  const imageBytes = index.tile * index.tile * CHANNELS;
  const readRgb = async (indices: ArrayLike<number>): Promise<Uint8Array> => {
    const places = Array.from(indices, locate);
    const styles = STYLES.filter((style) => places.some(({ name }) => name === style));
    const read = await Promise.all(styles.map(sheetOf));
    const sheets = new Map(styles.map((style, i) => [style, read[i]]));
    const out = new Uint8Array(indices.length * imageBytes);
    places.forEach(({ concept, name }, row) => {
      const sheet = sheets.get(name);
      if (sheet) copyTile(sheet, index, concept)(out, row * imageBytes);
    });
    return out;
  };
  return {
    id: "emoji",
    // the index holds the sheets' checksums, so this covers every pixel
    hash: await sha256Hex(new TextEncoder().encode(identity)),
    size,
    resolution: index.tile,
    classNames: index.categories,
    labelOf: (image) => index.concepts[locate(image).concept]?.category ?? 0,
    groupOf: (image) => locate(image).concept,
    styleOf: (image) => locate(image).style,
    trainIndices: all.filter((image) => !heldOut.has(locate(image).concept)),
    heldOutIndices: all.filter((image) => heldOut.has(locate(image).concept)),
    readRgb,
  };
}
