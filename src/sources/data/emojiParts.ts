import { z } from "zod";
import { StudioError } from "../../common/errors/studioError";
import { decodePng } from "../../common/formats/png";
import type { ReadFile } from "../../common/formats/readFile";
import { sha256Hex } from "../../common/formats/sha256";

const PARTS_FILE = "parts.json";
const CHANNELS = 3;

const Part = z.strictObject({
  file: z.string().regex(/^[\w-]+\.png$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(1),
});
/** public/emoji/parts.json as scripts/buildEmoji.ts writes it: which file holds which rows of tiles of a sheet. */
const EmojiParts = z.strictObject({
  /** Rows of tiles in a part; the last one of a style may have fewer. */
  rows: z.int().min(1).max(1024),
  parts: z.strictObject({ noto: z.array(Part).min(1), twemoji: z.array(Part).min(1) }),
});
type Style = keyof z.infer<typeof EmojiParts>["parts"];

/** One drawing. */
export interface EmojiTile {
  readonly style: Style;
  /** Its concept's number in the index. */
  readonly concept: number;
}

/** How tiles lie in the sheets that were cut into parts. */
export interface TileLayout {
  /** Side of a tile, in px. */
  readonly tile: number;
  /** Tiles in a row. */
  readonly columns: number;
  /** Tiles of a style in all. */
  readonly count: number;
}

/** Drawings by need. */
export interface TileSource {
  /** @returns uint8 RGB [tiles.length, tile, tile, 3] @throws StudioError as `readParts` does for a part */
  readonly read: (tiles: readonly EmojiTile[]) => Promise<Uint8Array>;
}

/** @throws StudioError DOWNLOAD_FAILED when the reader fails */
export async function readEmojiFile(readFile: ReadFile, name: string): Promise<Uint8Array> {
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

function parseParts(bytes: Uint8Array, { columns, count }: TileLayout) {
  const wrong = (what: string, cause?: unknown) =>
    new StudioError(
      "DOWNLOAD_FAILED",
      `${PARTS_FILE} is not the list of the built-in pictures (${what}; ${bytes.length} bytes).`,
      "Reload the page; if it stays, the studio was built or copied without public/emoji.",
      { cause },
    );
  let found;
  try {
    found = EmojiParts.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw wrong(cause instanceof z.ZodError ? (cause.issues[0]?.message ?? "") : "no JSON", cause);
  }
  const needed = Math.ceil(count / (columns * found.rows));
  for (const [style, { length }] of Object.entries(found.parts)) {
    if (length !== needed) throw wrong(`${style} has ${length} parts instead of ${needed}`);
  }
  return found;
}

/** A part's pixels [rows * tile, columns * tile, 3], checked against its checksum and size. */
async function readPart(
  readFile: ReadFile,
  { file, sha256 }: z.infer<typeof Part>,
  [height, width]: readonly [number, number],
): Promise<Uint8Array> {
  const bytes = await readEmojiFile(readFile, file);
  const found = await sha256Hex(bytes);
  if (found !== sha256) {
    throw new StudioError(
      "CHECKSUM_MISMATCH",
      `${file} has SHA-256 ${found.slice(0, 12)}…, expected ${sha256.slice(0, 12)}… (${bytes.length} bytes).`,
      "The file is damaged or of another version: reload the page, or clear the browser's cache for it.",
    );
  }
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

/**
 * Reads the list of parts; a part is fetched when a tile of it is read, once, and stays in memory.
 * @throws StudioError DOWNLOAD_FAILED here; CHECKSUM_MISMATCH and BAD_IMAGE as well for a part, which is then tried again
 *   by the next read. Each names the file.
 */
export async function readParts(readFile: ReadFile, layout: TileLayout): Promise<TileSource> {
  const { tile, columns, count } = layout;
  const { rows, parts } = parseParts(await readEmojiFile(readFile, PARTS_FILE), layout);
  const allRows = Math.ceil(count / columns);
  const fetched = new Map<string, Promise<Uint8Array>>();

  const partOf = ({ style, concept }: EmojiTile): Promise<Uint8Array> => {
    const number = Math.floor(concept / (columns * rows));
    const part = parts[style][number];
    if (!part) {
      throw new StudioError(
        "OUT_OF_RANGE",
        `There is no tile ${concept} of ${style}: the sheets have ${count}.`,
        "Ask for tiles of the index.",
      );
    }
    const known = fetched.get(part.file);
    if (known) return known;
    const height = Math.min(rows, allRows - number * rows) * tile;
    const pixels = readPart(readFile, part, [height, columns * tile]);
    fetched.set(part.file, pixels);
    pixels.catch(() => fetched.delete(part.file));
    return pixels;
  };

  /** Copies a tile of its part to `out` at `offset`. */
  const copy = (sheet: Uint8Array, { concept }: EmojiTile, out: Uint8Array, offset: number) => {
    const stride = columns * tile * CHANNELS;
    const left = (concept % columns) * tile * CHANNELS;
    const top = (Math.floor(concept / columns) % rows) * tile;
    for (let y = 0; y < tile; y++) {
      const from = (top + y) * stride + left;
      out.set(sheet.subarray(from, from + tile * CHANNELS), offset + y * tile * CHANNELS);
    }
  };

  return {
    read: async (tiles) => {
      const sheets = await Promise.all(tiles.map(partOf));
      const imageBytes = tile * tile * CHANNELS;
      const out = new Uint8Array(tiles.length * imageBytes);
      tiles.forEach((wanted, i) => {
        const sheet = sheets[i];
        if (sheet) copy(sheet, wanted, out, i * imageBytes);
      });
      return out;
    },
  };
}
