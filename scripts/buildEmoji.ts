/**
 * Packs the built-in images: `npm run build:emoji -- [DIR]`.
 *
 * DIR holds node_modules with the two packages below; without it they are installed into a temporary
 * folder. Writes public/emoji/emoji.json (the index), parts.json and the drawings in parts: the page fetches those it
 * shows. The output is committed: nobody needs the packages (70 MB) to run the studio. The same packages give the same bytes.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode } from "fast-png";
import { z } from "zod";

const VERSION = "16.0.0";
const STYLES = {
  noto: { set: "google", licence: "Noto Emoji, Apache-2.0" },
  twemoji: { set: "twitter", licence: "Twemoji, CC BY 4.0" },
} as const;
type Style = keyof typeof STYLES;

const TILE = 64;
/** Tiles of the source sheets stand 66 px apart, each with a border of 1 px. */
const PITCH = TILE + 2;
const COLUMNS = 44;
/** Rows of tiles in a part: 176 concepts, some 400 kB. */
const PART_ROWS = 4;
/** npm starts scripts in the project root; the script itself may run as a bundle from elsewhere. */
const OUT = join(process.cwd(), "public/emoji");

const SourceEmoji = z.object({
  unified: z.string().regex(/^[0-9A-F]+(-[0-9A-F]+)*$/),
  name: z.string().nullable(),
  short_name: z.string(),
  category: z.string(),
  subcategory: z.string(),
  sort_order: z.int(),
  sheet_x: z.int().min(0),
  sheet_y: z.int().min(0),
  has_img_google: z.boolean(),
  has_img_twitter: z.boolean(),
});
type SourceEmoji = z.infer<typeof SourceEmoji>;

function installPackages(): string {
  const dir = mkdtempSync(join(tmpdir(), "emoji-"));
  const packages = Object.values(STYLES).map(({ set }) => `emoji-datasource-${set}@${VERSION}`);
  execFileSync("npm", ["install", "--no-save", "--prefix", dir, ...packages], { stdio: "inherit" });
  return dir;
}

/** Base concepts drawn in both styles, in Unicode's order. `Component` (bare skin tones) is no picture. */
function readConcepts(dir: string): SourceEmoji[] {
  const versions = Object.values(STYLES).map(({ set }) => {
    const file = join(dir, `node_modules/emoji-datasource-${set}/package.json`);
    return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).version;
  });
  if (versions.some((version) => version !== VERSION)) {
    throw new Error(`Wanted emoji-datasource ${VERSION}, found ${versions.join(" and ")}`);
  }
  const file = join(dir, "node_modules/emoji-datasource-google/emoji.json");
  return z
    .array(SourceEmoji)
    .parse(JSON.parse(readFileSync(file, "utf8")))
    .filter((e) => e.has_img_google && e.has_img_twitter && e.category !== "Component")
    .sort((a, b) => a.sort_order - b.sort_order);
}

/** 8-bit RGB pixels. */
interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Cuts every concept's tile, lays it over white and packs the tiles in reading order. */
function packSheet(dir: string, style: Style, concepts: readonly SourceEmoji[]): Sheet {
  const { set } = STYLES[style];
  const file = join(dir, `node_modules/emoji-datasource-${set}/img/${set}/sheets/64.png`);
  const source = decode(readFileSync(file));
  if (source.channels !== 4 || source.depth !== 8 || source.width % PITCH !== 0) {
    throw new Error(`${file}: expected RGBA8 tiles ${PITCH} px apart, got width ${source.width}`);
  }
  const width = COLUMNS * TILE;
  const height = Math.ceil(concepts.length / COLUMNS) * TILE;
  const rgb = new Uint8Array(width * height * 3).fill(255);
  concepts.forEach((concept, index) => {
    const fromX = concept.sheet_x * PITCH + 1;
    const fromY = concept.sheet_y * PITCH + 1;
    const toX = (index % COLUMNS) * TILE;
    const toY = Math.floor(index / COLUMNS) * TILE;
    for (let y = 0; y < TILE; y++) {
      for (let x = 0; x < TILE; x++) {
        const from = ((fromY + y) * source.width + fromX + x) * 4;
        const to = ((toY + y) * width + toX + x) * 3;
        const alpha = (source.data[from + 3] ?? 0) / 255;
        for (let c = 0; c < 3; c++) {
          rgb[to + c] = Math.round((source.data[from + c] ?? 0) * alpha + 255 * (1 - alpha));
        }
      }
    }
  });
  return { width, height, rgb };
}

// unfiltered: flat drawings deflate better raw than filtered (9.9 MB against 10.2 MB for both)
const pngOf = ({ width, height, rgb }: Sheet): Uint8Array =>
  encode({ width, height, data: rgb, channels: 3 }, { zlib: { level: 9, mem: 9 } });

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Writes a sheet as files of PART_ROWS rows of tiles each. */
function writeParts(style: Style, { width, height, rgb }: Sheet) {
  const partHeight = PART_ROWS * TILE;
  return Array.from({ length: Math.ceil(height / partHeight) }, (_, number) => {
    const top = number * partHeight;
    const bottom = Math.min(height, top + partHeight);
    const pixels = rgb.subarray(top * width * 3, bottom * width * 3);
    const png = pngOf({ width, height: bottom - top, rgb: pixels });
    const file = `${style}-${String(number).padStart(2, "0")}.png`;
    writeFileSync(join(OUT, file), png);
    console.log(`${file}: ${png.length} bytes`);
    return { file, sha256: sha256(png), bytes: png.length };
  });
}

const unique = (values: readonly string[]) => [...new Set(values)];

/** Unicode names are in capitals; flags have proper nouns in mixed case and keep them. */
const readableName = ({ name, short_name }: SourceEmoji) => {
  const text = name ?? short_name.replaceAll("_", " ");
  return text === text.toUpperCase() ? text.toLowerCase() : text;
};

function build(dir: string) {
  const concepts = readConcepts(dir);
  const categories = unique(concepts.map((c) => c.category));
  const subcategories = unique(concepts.map((c) => c.subcategory));
  mkdirSync(OUT, { recursive: true });
  const styles = ["noto", "twemoji"] as const;
  const packed = styles.map((style) => [style, packSheet(dir, style, concepts)] as const);
  // The whole sheets are not written, but the index names them with their checksums: it decides the data set's hash,
  // and every cache that is stored was made under that hash.
  const sheets = Object.fromEntries(
    packed.map(([style, sheet]) => [style, { file: `${style}.png`, sha256: sha256(pngOf(sheet)) }]),
  );
  const parts = Object.fromEntries(
    packed.map(([style, sheet]) => [style, writeParts(style, sheet)]),
  );
  writeFileSync(join(OUT, "parts.json"), `${JSON.stringify({ rows: PART_ROWS, parts })}\n`);
  const index = {
    version: VERSION,
    tile: TILE,
    columns: COLUMNS,
    licences: {
      noto: STYLES.noto.licence,
      twemoji: STYLES.twemoji.licence,
      labels: "emoji-datasource, MIT",
    },
    sheets,
    categories,
    subcategories,
    concepts: concepts.map((concept) => ({
      id: concept.unified,
      name: readableName(concept),
      category: categories.indexOf(concept.category),
      subcategory: subcategories.indexOf(concept.subcategory),
      char: String.fromCodePoint(...concept.unified.split("-").map((hex) => parseInt(hex, 16))),
    })),
  };
  writeFileSync(join(OUT, "emoji.json"), `${JSON.stringify(index)}\n`);
  console.log(`${concepts.length} concepts, ${categories.length} categories: ${OUT}`);
}

build(process.argv[2] ?? installPackages());
