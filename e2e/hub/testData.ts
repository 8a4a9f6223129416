import { BlobWriter, Uint8ArrayReader, ZipWriter } from "@zip.js/zip.js/lib/zip-core-native.js";
import { parquetWriteBuffer } from "hyparquet-writer";
import { encode } from "fast-png";

/** A file of the small test data, as a folder, an archive or a row holds it. */
export interface TestFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Classes in the order of their names, and the hue of each. */
export const TEST_CLASSES = ["blue", "green", "red"] as const;
const SIDES = [
  [33, 47],
  [64, 40],
  [101, 90],
  [20, 23],
] as const;
/** Images that can be decoded. */
export const GOOD_IMAGES = TEST_CLASSES.length * SIDES.length;
/** Neither an image nor empty: its header is right and its data is not there. */
export const BROKEN_PATH = "green/broken.png";

/** A picture of one colour that gets brighter to the right and darker downwards, so that no two crops are alike. */
function picture(classIndex: number, width: number, height: number): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const level = Math.round(40 + (150 * x) / width + (60 * (height - y)) / height);
      data.fill(Math.floor(level / 4), at, at + 3);
      data[at + (2 - classIndex)] = level;
    }
  }
  return encode({ width, height, data, channels: 3 });
}

/** A dozen PNG images of odd sizes in three classes, one of them with a thirteenth that is broken. */
export function testFiles(): TestFile[] {
  const good = TEST_CLASSES.flatMap((name, classIndex) =>
    SIDES.map(([width, height], i) => ({
      path: `${name}/${i}.png`,
      bytes: picture(classIndex, width + classIndex, height),
    })),
  );
  const broken = picture(1, 30, 30).slice(0, 60);
  return [...good, { path: BROKEN_PATH, bytes: broken }].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The files as a zip, in a folder of the given name ("" for none). */
export async function testZip(
  files: readonly TestFile[] = testFiles(),
  folder = "",
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
  for (const { path, bytes } of files) {
    await writer.add(`${folder}${path}`, new Uint8ArrayReader(bytes));
  }
  return new Uint8Array(await (await writer.close()).arrayBuffer());
}

/**
 * The files as parquet the way the hub writes image data sets: a struct and a class label, in small row groups.
 * @param captions a text for each file: a column nobody asks for
 */
export function testParquet(
  files: readonly TestFile[] = testFiles(),
  captions: readonly string[] = [],
): Uint8Array<ArrayBuffer> {
  const classOf = (path: string) => TEST_CLASSES.findIndex((name) => path.startsWith(`${name}/`));
  const features = {
    image: { _type: "Image" },
    label: { names: TEST_CLASSES, _type: "ClassLabel" },
  };
  return new Uint8Array(
    parquetWriteBuffer({
      schema: [
        { name: "root", num_children: captions.length > 0 ? 3 : 2 },
        ...(captions.length > 0
          ? [{ name: "caption", type: "BYTE_ARRAY", converted_type: "UTF8" } as const]
          : []),
        { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
      ],
      columnData: [
        ...(captions.length > 0 ? [{ name: "caption", data: [...captions] }] : []),
        { name: "image", data: files.map(({ path, bytes }) => ({ bytes, path })) },
        { name: "label", data: files.map(({ path }) => BigInt(classOf(path))) },
      ],
      rowGroupSize: 5,
      kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }],
    }),
  );
}
