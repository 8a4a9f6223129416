import { encode } from "fast-png";
import { testFiles, testParquet, testZip } from "../../e2e/hub/testData";
import { exampleRun, filesIn, packed, resultsBytes } from "../../test/exampleResults";
import { decodeLink, encodeLink } from "../../src/common/config/urlCodec";
import { decodeRunFile, encodeRunFile } from "../../src/common/config/runFile";
import { fromRepaArgs, toRepaArgs } from "../../src/common/config/repaArgs";
import { presetById } from "../../src/common/config/presets";
import { byteSourceOf } from "../../src/common/formats/byteSource";
import { decodePngSquare } from "../../src/common/formats/png";
import { encodeSafetensors, parseSafetensors } from "../../src/common/formats/safetensors";
import { MANIFEST } from "../../src/common/resultFiles/manifest";
import { holdsResults, openResults } from "../../src/common/resultFiles/openResults";
import { archivesSource } from "../../src/sources/data/archivesSource";
import { filesSource } from "../../src/sources/data/filesSource";
import { checkedHeader } from "../../src/sources/data/imageCodec";
import { imageFacts } from "../../src/sources/data/imageFacts";
import type { ImageSource } from "../../src/sources/data/imageSource";
import { parquetSource } from "../../src/sources/data/parquetImages";
import { assertWhole } from "../../src/sources/data/wholeImage";
import { withoutOrientation } from "../../src/sources/data/withoutOrientation";
import { StudioError } from "../../src/common/errors/studioError";

/** A parser of untrusted bytes, with inputs to begin from. */
export interface FuzzTarget {
  readonly name: string;
  readonly corpus: readonly Uint8Array[];
  /** Ends with a result or a StudioError; anything else is a failure. */
  readonly run: (bytes: Uint8Array) => unknown;
}

const ofText = (text: string) => new TextEncoder().encode(text);
const asText = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Reads every item of a source, as an import does: those that are left out are no failure. */
async function drain(source: ImageSource): Promise<void> {
  for await (const item of source.from(0)) {
    await item.read().catch((error: unknown) => {
      if (!(error instanceof StudioError)) throw error;
    });
  }
}

/** Reads everything of a file of results, as an import does. */
async function drainResults(bytes: Uint8Array): Promise<void> {
  const source = byteSourceOf("f.zip", bytes);
  await holdsResults(source);
  for (const run of (await openResults(source)).runs) {
    await run.log();
    for (const step of run.gridSteps) await run.grid(step);
    for (const { step } of run.checkpoints) await run.checkpoint(step);
  }
}

const png = (channels: 1 | 3 | 4) =>
  encode({ width: 5, height: 5, channels, data: new Uint8Array(25 * channels).fill(90) });
const gif = Uint8Array.from([
  ...ofText("GIF89a"),
  ...[1, 0, 1, 0, 0x80, 0, 0, 200, 10, 10, 0, 0, 0, 0x21, 0xf9, 4, 1, 0, 0, 0, 0],
  ...[0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b],
]);
const exif = [
  ...ofText("Exif\0\0II*\0"),
  8,
  0,
  0,
  0,
  1,
  0,
  0x12,
  1,
  3,
  0,
  1,
  0,
  0,
  0,
  6,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
];
const jpeg = Uint8Array.from([
  ...[0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2, ...exif],
  ...[0xff, 0xc0, 0, 17, 8, 0, 9, 0, 7, 3, 1, 17, 0, 2, 17, 1, 3, 17, 1],
  ...[0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9],
]);
const webp = Uint8Array.from([
  ...ofText("RIFF"),
  ...[30, 0, 0, 0, ...ofText("WEBPVP8X"), 10, 0, 0, 0, 0x1a, 0, 0, 0, 4, 0, 0, 4, 0, 0],
  ...[...ofText("EXIF"), 4, 0, 0, 0, 1, 2, 3, 4],
]);
const box = (type: string, ...body: number[]) => [
  0,
  0,
  0,
  body.length + 8,
  ...ofText(type),
  ...body,
];
const avif = Uint8Array.from([
  ...box("ftyp", ...ofText("avif\0\0\0\0mif1")),
  ...box(
    "meta",
    0,
    0,
    0,
    0,
    ...box("iprp", ...box("ipco", ...box("ispe", 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 7))),
  ),
]);

const file = (path: string, bytes: Uint8Array) => ({
  path,
  bytes: bytes.length,
  read: () => Promise.resolve(bytes),
});

/** Every parser, with what it starts from. Their corpora are made here, by our own writers. */
export async function fuzzTargets(): Promise<readonly FuzzTarget[]> {
  const files = testFiles().slice(0, 3);
  const zip = await testZip(files);
  const nested = await testZip([{ path: "a.zip", bytes: zip }]);
  const results = await resultsBytes([exampleRun(), exampleRun({ facts: { id: "run-2" } })]);
  const parts = await filesIn(await resultsBytes());
  const part = (name: string) => parts.get(name) ?? new Uint8Array(0);
  /** One file of an archive of results changed, and the archive sound around it. */
  const resultsPart = (name: string): FuzzTarget => ({
    name: `results ${name}`,
    corpus: [part(name)],
    run: async (bytes) =>
      drainResults(await packed(new Map<string, Uint8Array>(parts).set(name, bytes))),
  });
  const { experiment } = presetById("first-minute");
  const shared = { experiment, timeline: [], card: {} };
  const lists = [
    "file,label,split\n1.png,cat,train\n2.png,dog,val\n",
    '{"images":[{"id":1,"file_name":"1.png"}],"annotations":[{"image_id":1,"category_id":2}]}',
    '{"file_name":"1.png","label":"cat"}\n{"file_name":"2.png","label":3}\n',
    '{"cat":["1.png"],"dog":["2.png"]}',
  ];
  return [
    {
      name: "parquet",
      corpus: [testParquet(files), testParquet(files, ["a", "b", "c"])],
      run: async (bytes) => drain(await parquetSource("f", [byteSourceOf("f.parquet", bytes)])),
    },
    {
      name: "zip",
      corpus: [zip, nested],
      run: async (bytes) =>
        drain(await archivesSource("f", [new File([new Uint8Array(bytes)], "f.zip")])),
    },
    {
      name: "image",
      corpus: [png(1), png(3), png(4), gif, jpeg, webp, avif],
      run: (bytes) => {
        const header = checkedHeader(bytes);
        imageFacts(bytes, header);
        withoutOrientation(bytes, header.format);
        assertWhole(bytes, header.format);
      },
    },
    {
      name: "stored png",
      corpus: [png(3)],
      run: (bytes) => decodePngSquare(bytes, 5),
    },
    {
      name: "list",
      corpus: lists.map(ofText),
      run: async (bytes) => {
        for (const name of ["l.csv", "l.json", "metadata.jsonl", "l.txt"]) {
          const images = [file("1.png", png(1)), file("2.png", png(3))];
          await drain(await filesSource("f", [...images, file(name, bytes)]));
        }
      },
    },
    {
      name: "safetensors",
      corpus: [
        new Uint8Array(
          encodeSafetensors(
            {
              a: { dtype: "F32", shape: [2, 1], data: new Float32Array(2) },
              b: { dtype: "U8", shape: [3], data: new Uint8Array(3) },
            },
            { note: "x" },
          ),
        ),
      ],
      run: parseSafetensors,
    },
    { name: "results", corpus: [results], run: drainResults },
    ...[MANIFEST, "runs/1/points-1.f64", "runs/1/measurements-1.jsonl"].map(resultsPart),
    {
      name: "link",
      corpus: [ofText(encodeLink(shared))],
      run: (bytes) => decodeLink(asText(bytes)),
    },
    {
      name: "saved experiment",
      corpus: [ofText(encodeRunFile(shared))],
      run: (bytes) => decodeRunFile(asText(bytes)),
    },
    {
      name: "command",
      corpus: [ofText(toRepaArgs(experiment).command)],
      run: (bytes) => fromRepaArgs(asText(bytes)),
    },
  ];
}
