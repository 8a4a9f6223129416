import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { factNotes, withFacts } from "./factNotes";
import { imageFacts, isMisnamed } from "./imageFacts";
import { imageHeader } from "./imageHeader";
import { assertWhole } from "./wholeImage";

const factsOf = (bytes: Uint8Array) => {
  const header = imageHeader(bytes);
  return header ? imageFacts(bytes, header) : "no image";
};
const text = (value: string) => Array.from(value, (char) => char.charCodeAt(0));
/** A chunk of a PNG before its pixels; its checksum is not looked at. */
const withChunk = (png: Uint8Array, type: string, body: number[]) =>
  Uint8Array.from([
    ...png.subarray(0, 33),
    ...[0, 0, 0, body.length],
    ...text(type),
    ...body,
    ...[0, 0, 0, 0],
    ...png.subarray(33),
  ]);
const png = (channels: 3 | 4, depth: 8 | 16 = 8) =>
  encode({
    ...{ width: 2, height: 2, channels, depth },
    data: depth === 8 ? new Uint8Array(4 * channels) : new Uint16Array(4 * channels),
  });
const exif = (orientation: number) => [
  ...[0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0],
  ...[0, 0, 0, 0],
];
/** A frame of so many components, without pixels. */
const jpeg = (components: number, segments: number[] = [], precision = 8) =>
  Uint8Array.from([
    ...[0xff, 0xd8],
    ...segments,
    ...[0xff, 0xc0, 0, 8 + 3 * components, precision, 0, 9, 0, 7, components],
    ...new Array<number>(3 * components).fill(0),
    ...[0xff, 0xda, 0, 2, 1, 2, 3],
    ...[0xff, 0xd9],
  ]);
const exifSegment = (orientation: number) => {
  const body = [...text("Exif"), 0, 0, ...exif(orientation)];
  return [0xff, 0xe1, 0, body.length + 2, ...body];
};
const PICTURE = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
const gif = (...blocks: number[][]) =>
  Uint8Array.from([
    ...text("GIF89a"),
    ...[1, 0, 1, 0, 0x80, 0, 0, 1, 1, 1, 2, 2, 2],
    ...blocks.flat(),
    0x3b,
  ]);

describe("what is told of an image", () => {
  test.each([
    ["a plain PNG", png(3), []],
    ["one with alpha", png(4), ["transparent"]],
    ["one of 16 bits", png(3, 16), ["deep"]],
    [
      "one with a transparent colour",
      withChunk(png(3), "tRNS", [0, 1, 0, 1, 0, 1]),
      ["transparent"],
    ],
    ["an animated one", withChunk(png(3), "acTL", [0, 0, 0, 2, 0, 0, 0, 0]), ["animated"]],
    ["one with an Exif turn", withChunk(png(3), "eXIf", exif(6)), ["turned"]],
    ["a JPEG", jpeg(3), []],
    ["one in CMYK", jpeg(4), ["cmyk"]],
    ["one of 12 bits", jpeg(3, [], 12), ["deep"]],
    ["one with an Exif turn", jpeg(3, exifSegment(8)), ["turned"]],
    ["one that is upright", jpeg(3, exifSegment(1)), []],
    ["a GIF", gif(PICTURE), []],
    ["one of two pictures", gif(PICTURE, PICTURE), ["animated"]],
    [
      "one with a transparent colour",
      gif([0x21, 0xf9, 4, 1, 0, 0, 0, 0], PICTURE),
      ["transparent"],
    ],
  ])("%s", (_, bytes, facts) => {
    expect(factsOf(bytes)).toEqual(facts);
    // what is cut says less, and throws nothing
    for (let length = 0; length < bytes.length; length++) factsOf(bytes.slice(0, length));
  });

  test("is counted, with the first of each", () => {
    const counts = withFacts(withFacts({}, ["turned"], "a.jpg"), ["turned", "cmyk"], "b.jpg");
    expect(factNotes(counts, "stored")).toEqual([
      "2 images with an Exif rotation, taken as their pixels are stored, as the reference's loader does (the first: a.jpg).",
      "1 image in CMYK: converted to RGB by the browser, without a colour profile (b.jpg).",
    ]);
    expect(factNotes(counts, "exif")[0]).toContain("turned as their Exif metadata says");
  });

  test("is another name than its bytes say", () => {
    const header = { format: "PNG", width: 1, height: 1 } as const;
    const names = ["a.heic", "a.png", "a.JPG", "row 5", "a.apng"];
    expect(names.filter((name) => isMisnamed(name, header))).toEqual(["a.heic", "a.JPG"]);
  });
});

test.each([
  ["PNG", png(3), 16 + 12],
  ["JPEG", jpeg(3), 1],
  ["GIF", gif(PICTURE, PICTURE), 18],
] as const)("a %s is cut when pixels of it are missing, and only then", (format, bytes, spare) => {
  assertWhole(bytes, format);
  assertWhole(Uint8Array.from([...bytes, 1, 2, 3]), format); // what follows does not matter
  const cut = bytes.slice(0, bytes.length - spare);
  expect(() => assertWhole(cut, format)).toThrow(
    `its ${format} data is cut off after ${cut.length} bytes`,
  );
});
