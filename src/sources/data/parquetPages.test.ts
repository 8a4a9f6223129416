import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { testFiles, testParquet } from "../../../e2e/hub/testData";
import { byteSourceOf } from "../../common/formats/byteSource";
import { StudioError } from "../../common/errors/studioError";
import { parquetSource } from "./parquetImages";
import { zstdSize } from "./zstdSize";

/** Reads all of a file, as an import does. @returns how many rows gave an image, or what was thrown */
async function readAll(bytes: Uint8Array): Promise<number | StudioError> {
  try {
    const source = await parquetSource("t", [byteSourceOf("t.parquet", bytes)]);
    let images = 0;
    for await (const item of source.from(0)) {
      await item.read().then(
        () => (images += 1),
        (error: unknown) => expect(error).toBeInstanceOf(StudioError),
      );
    }
    return images;
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
}

const fromHex = (...lines: string[]) => Uint8Array.from(Buffer.from(lines.join(""), "hex"));
const PAR1 = "50415231";
/** A schema of one optional column of bytes "image" with four values, whose pages are the 27 bytes from 4 on. */
const INDEX = [
  "15 04 19 2c 48 04 72 6f 6f 74 15 02 00 15 0c 25 02 18 05 69 6d 61 67 65 00 16 08 19 1c 19 1c 26 08",
  "1c 15 0c 19 15 00 19 18 05 69 6d 61 67 65 15 00 16 08 16 36 16 36 26 08 00 00 16 36 16 08 00 00",
  "41 00 00 00",
]
  .join("")
  .replaceAll(" ", "");
const withPages = (hex: string) => fromHex(PAR1, hex.replaceAll(" ", ""), INDEX, PAR1);

describe("pages that no writer makes are refused before the library reads them", () => {
  test.each([
    [
      "a second kind of page without the lengths of its levels, which was read for ever",
      withPages("15 06 15 14 15 14 5c 15 08 15 00 15 08 15 00 00 00 00 00 00 00 00 00 00 00 00 00"),
      /length of levels is no number/,
    ],
    [
      "a run of 300 million levels in ten bytes",
      withPages("15 00 15 14 15 14 2c 15 08 15 00 15 06 15 06 00 00 06 00 00 00 80 8c 8d 9e 02 00"),
      /a run of 300000000 values stands where 4 are left/,
    ],
    [
      "more values than the column has",
      withPages("15 00 15 10 15 10 2c 15 fe ff 07 15 00 15 06 15 06 00 00 00 00 00 00 00 00 00 00"),
      /number of values is 65535, expected 0 to 4/,
    ],
    [
      "a page larger than its column",
      withPages("15 00 15 14 15 80 20 2c 15 08 15 00 15 06 15 06 00 00 00 00 00 00 00 00 00 00 00"),
      /size is 2048, expected 0 to/,
    ],
  ])("%s", async (_, bytes, message) => {
    const thrown = await readAll(bytes);
    expect(thrown).toMatchObject({ code: "BAD_PARQUET" });
    expect((thrown as StudioError).message).toMatch(message);
  });

  test("a schema without columns is a BAD_PARQUET, not a TypeError", async () => {
    const index =
      "15 04 19 00 16 02 19 1c 19 1c 26 08 1c 15 0c 19 15 00 19 18 05 69 6d 61 67 65 15 00 16 02 16 08 16 08 26 08 00 00 16 08 16 02 00 00 2c 00 00 00";
    const bytes = fromHex(PAR1, "00000000", index.replaceAll(" ", ""), PAR1);
    expect(await readAll(bytes)).toMatchObject({ code: "BAD_PARQUET" });
  });
});

describe("what writers make is read", () => {
  const files = testFiles();
  const png = files[0]?.bytes ?? new Uint8Array();
  const count = 40;
  const column = (name: string, data: unknown[], rest: object) => ({ name, data, ...rest });
  type Columns = Parameters<typeof parquetWriteBuffer>[0]["columnData"];
  const labels = Array.from({ length: count }, (_, i) => i % 3);

  test.each([
    ["plain", { encoding: "PLAIN" }, labels],
    ["a dictionary", { encoding: "RLE_DICTIONARY" }, labels],
    ["deltas", { encoding: "DELTA_BINARY_PACKED" }, labels],
    ["missing values", {}, labels.map((label, i) => (i % 4 === 1 ? undefined : label))],
  ])("labels as %s, with and without compression", async (_, how, data) => {
    for (const codec of ["UNCOMPRESSED", "SNAPPY"] as const) {
      const columnData = [
        column(
          "image",
          Array.from({ length: count }, () => png),
          { type: "BYTE_ARRAY" },
        ),
        column("label", data, { type: "INT32", ...how }),
      ] as Columns;
      const bytes = new Uint8Array(parquetWriteBuffer({ columnData, codec, rowGroupSize: 16 }));
      const missing = data.filter((label) => label === undefined).length;
      expect(await readAll(bytes)).toBe(count - missing);
    }
  });

  test("text labels that repeat their beginnings", async () => {
    const columnData = [
      column(
        "image",
        labels.map(() => png),
        { type: "BYTE_ARRAY" },
      ),
      column(
        "label",
        labels.map((label) => `a long beginning ${label}`),
        {
          type: "STRING",
          encoding: "DELTA_BYTE_ARRAY",
        },
      ),
    ] as Columns;
    expect(await readAll(new Uint8Array(parquetWriteBuffer({ columnData })))).toBe(count);
  });

  test("mutated in any bytes, the end is images or a StudioError", async () => {
    const whole = testParquet(files.slice(0, 4));
    const edits = fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        await readAll(bytes);
      }),
      { numRuns: 150 },
    );
  });
});

test("Zstandard is measured by what it claims and by its blocks, before it is unpacked", () => {
  const magic = "28b52ffd";
  // one segment that says 2^30 bytes, with one raw block of two bytes
  expect(zstdSize(fromHex(magic, "a0", "00000040", "110000", "0102"))).toBe(2 ** 30);
  // a window of 2^21 bytes and no size; one byte repeated 100 times
  expect(zstdSize(fromHex(magic, "00", "58", "230300", "07"))).toBe(2 ** 21);
  // two frames after each other
  const small = `${magic}20021100000102`;
  expect(zstdSize(fromHex(small, small))).toBe(4);
  expect(zstdSize(new Uint8Array(40))).toBe(0);
});
