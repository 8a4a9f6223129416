import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encode } from "fast-png";
import { parquetWriteBuffer } from "hyparquet-writer";
import { testParquet, testZip, type TestFile } from "../../e2e/hub/testData";
import { resultsBytes } from "../../test/exampleResults";
import { encodeLink } from "../../src/common/config/urlCodec";
import { Experiment } from "../../src/common/config/experiment";
import { encodeSafetensors } from "../../src/common/formats/safetensors";

/** An input as people have it: a file or folder of this name, or a text that is given as it is. */
interface Case {
  readonly name: string;
  readonly content: Uint8Array | readonly TestFile[] | { readonly text: string };
}

const SIDE = 12;
const text = (value: string) => new TextEncoder().encode(value);
const png = (level: number) =>
  encode({
    width: SIDE,
    height: SIDE,
    data: new Uint8Array(SIDE * SIDE * 3).fill(level),
    channels: 3,
  });
const images = (...paths: string[]): TestFile[] =>
  paths.map((path, i) => ({ path, bytes: png((20 * i) % 256) }));

const bigEndian = (...values: number[]): number[] =>
  values.flatMap((value) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255));
/** A box of the ISO base media format. */
const box = (type: string, ...parts: readonly (readonly number[])[]): number[] => {
  const body = parts.flat();
  return [...bigEndian(body.length + 8), ...text(type), ...body];
};
const VERSION = [0, 0, 0, 0];
/** A phone's picture: all that says what it is and how large, and no pixels. */
const heic = Uint8Array.from([
  ...box("ftyp", [...text("heic")], VERSION, [...text("mif1heic")]),
  ...box("meta", VERSION, box("iprp", box("ipco", box("ispe", VERSION, bigEndian(SIDE, SIDE))))),
]);
/** Width and height are the two entries of its only directory. */
const tiff = Uint8Array.from([
  ...text("II"),
  ...[42, 0, 8, 0, 0, 0, 2, 0],
  ...[0, 1, 3, 0, 1, 0, 0, 0, SIDE, 0, 0, 0],
  ...[1, 1, 3, 0, 1, 0, 0, 0, SIDE, 0, 0, 0],
  ...[0, 0, 0, 0],
]);

const sixteenBits = encode({
  ...{ width: SIDE, height: SIDE, channels: 3, depth: 16 },
  data: new Uint16Array(SIDE * SIDE * 3).fill(40_000),
});
const transparent = encode({
  ...{ width: SIDE, height: SIDE, channels: 4 },
  data: new Uint8Array(SIDE * SIDE * 4).fill(100),
});

const parquet = (column: { readonly data: unknown[]; readonly type: "BOOLEAN" | "INT32" }) =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "image", data: column.data.map((_, i) => png(i)), type: "BYTE_ARRAY" },
        { name: "label", ...column },
      ],
    }),
  );

/** A safetensors file with this header and so many bytes behind it. */
function safetensors(header: unknown, bytes: number): Uint8Array {
  const json = text(JSON.stringify(header));
  const out = new Uint8Array(8 + json.length + bytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  return out;
}

/** A link's payload by hand, so that it can hold what no page would write. */
const link = encodeLink({
  experiment: Experiment.parse({ model: { size: "L" }, alignment: { projCoeff: 0.25 } }),
  timeline: [{ step: 300, change: { projCoeff: 0 } }],
  card: {},
});

/** Twenty inputs of the kinds that were reported for tools like this one. */
export async function inspectCases(): Promise<readonly Case[]> {
  return [
    {
      name: "splits-of-classes",
      content: images(
        "data/train/cat/1.png",
        "data/train/dog/2.png",
        "data/val/cat/3.png",
        "data/val/dog/4.png",
      ),
    },
    {
      name: "labels-in-a-list",
      content: [
        ...images("images/1.png", "images/2.png", "images/3.png"),
        { path: "labels.csv", bytes: text("id,breed\n1,cat\n2,dog\n3,cat\n") },
      ],
    },
    {
      name: "metadata.jsonl-of-the-hub",
      content: [
        ...images("train/a.png", "train/b.png"),
        {
          path: "train/metadata.jsonl",
          bytes: text('{"file_name":"a.png","label":"oak"}\n{"file_name":"b.png","label":"elm"}\n'),
        },
      ],
    },
    {
      name: "phone",
      content: [
        ...images("cat/1.png"),
        { path: "cat/2.heic", bytes: heic },
        { path: "dog/3.tif", bytes: tiff },
        { path: "dog/4.png", bytes: png(9) },
      ],
    },
    {
      name: "only-heic.zip",
      content: await testZip([{ path: "a/1.heic", bytes: heic }]),
    },
    {
      name: "odd-names.zip",
      content: await testZip(images("cat/1.png", "../../etc/2.png", "dog/3.png")),
    },
    {
      name: "names-that-look-alike.zip",
      content: await testZip(images("cat/1.png", "cat /2.png", "dog/3.png")),
    },
    {
      name: "deep-colours",
      content: [
        { path: "a/16 bit.png", bytes: sixteenBits },
        { path: "b/transparent.png", bytes: transparent },
      ],
    },
    {
      name: "cut-off",
      content: [
        ...images("a/1.png", "b/2.png"),
        { path: "b/3.png", bytes: png(1).slice(0, 50) },
        { path: "b/4.png", bytes: new Uint8Array(0) },
      ],
    },
    { name: "shapes.parquet", content: testParquet() },
    {
      name: "boolean-labels.parquet",
      content: parquet({ data: [true, false, true], type: "BOOLEAN" }),
    },
    { name: "no-labels.parquet", content: parquet({ data: [-1, -1], type: "INT32" }) },
    { name: "not-an-archive.zip", content: text("PK\x03\x04 and nothing more") },
    {
      name: "another-type-beside.safetensors",
      content: safetensors(
        {
          w: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
          scale: { dtype: "F8_E4M3", shape: [2], data_offsets: [4, 6] },
        },
        6,
      ),
    },
    {
      name: "numbers-in-metadata.safetensors",
      content: safetensors(
        { __metadata__: { step: 3 }, w: { dtype: "F32", shape: [1], data_offsets: [0, 4] } },
        4,
      ),
    },
    {
      name: "sound.safetensors",
      content: new Uint8Array(
        encodeSafetensors({ a: { dtype: "F32", shape: [2], data: new Float32Array(2) } }),
      ),
    },
    { name: "results.zip", content: await resultsBytes() },
    { name: "link", content: { text: link } },
    { name: "damaged-link", content: { text: `${link.slice(0, -4)}____` } },
    {
      name: "command",
      content: {
        text: "accelerate launch train.py --model SiT-L/2 --enc-type dinov2-vit-b \u2014proj-coeff 0.5 --nothing 3",
      },
    },
  ];
}

/** Writes the inputs under a folder. @returns what is given to the command, in their order */
export async function writeCases(
  folder: string,
  cases: readonly Case[],
): Promise<readonly string[]> {
  const write = async (path: string, bytes: Uint8Array) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  };
  const inputs: string[] = [];
  for (const { name, content } of cases) {
    const path = join(folder, name);
    if (content instanceof Uint8Array) await write(path, content);
    else if ("text" in content) {
      inputs.push(content.text);
      continue;
    } else for (const file of content) await write(join(path, file.path), file.bytes);
    inputs.push(path);
  }
  return inputs;
}
