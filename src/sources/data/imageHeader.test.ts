import fc from "fast-check";
import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { checkedHeader } from "./imageCodec";
import { imageHeader } from "./imageHeader";
import { withoutOrientation } from "./withoutOrientation";

const bytesOf = (...parts: (string | number[])[]) =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string" ? Array.from(part).map((char) => char.charCodeAt(0)) : part,
    ),
  );
const png = (width: number, height: number) =>
  encode({ width, height, data: new Uint8Array(width * height * 3), channels: 3 });

const box = (type: string, ...parts: (string | number[])[]) => {
  const body = bytesOf(...parts);
  return [0, 0, (body.length + 8) >> 8, (body.length + 8) & 255, ...bytesOf(type), ...body];
};
const NONE = [0, 0, 0, 0];
const ispe = (width: number, height: number) =>
  box("ispe", NONE, [0, 0, 0, width, 0, 0, 0, height]);
/** A still image with a thumbnail, as phones write it. */
const iso = (brand: string) =>
  bytesOf(
    box("ftyp", brand, NONE, "mif1", brand),
    box("meta", NONE, box("hdlr", NONE), box("iprp", box("ipco", ispe(5, 4), ispe(40, 30)))),
    box("mdat", NONE),
  );
const tiff = (little: boolean) => {
  const view = new DataView(new ArrayBuffer(8 + 2 + 2 * 12 + 4));
  new Uint8Array(view.buffer).set(bytesOf(little ? "II*" : "MM", little ? [0] : [0, 42]));
  view.setUint32(4, 8, little);
  view.setUint16(8, 2, little);
  for (const [i, [tag, type, value]] of [
    [256, 4, 70_000],
    [257, 3, 9],
  ].entries()) {
    view.setUint16(10 + 12 * i, tag ?? 0, little);
    view.setUint16(12 + 12 * i, type ?? 0, little);
    if (type === 3) view.setUint16(18 + 12 * i, value ?? 0, little);
    else view.setUint32(18 + 12 * i, value ?? 0, little);
  }
  return new Uint8Array(view.buffer);
};

const EXIF = [0xff, 0xe1, 0, 12, ...bytesOf("Exif\0\0abcd")];
const FRAME = [0xff, 0xc2, 0, 11, 8, 0x01, 0x02, 0x03, 0x04, 1, 1, 17, 0];
const jpeg = bytesOf([0xff, 0xd8], EXIF, [0xff, 0xff, 0xdb, 0, 4, 0, 0], FRAME, [0xff, 0xda, 0, 2]);

describe("an image's header", () => {
  test.each([
    ["PNG", png(7, 5), 7, 5],
    ["JPEG", jpeg, 0x304, 0x102],
    ["GIF", bytesOf("GIF89a", [1, 2, 3, 4]), 513, 1027],
    [
      "BMP",
      bytesOf("BM", new Array<number>(12).fill(0), [40, 0, 0, 0, 9, 0, 0, 0, 0xf8, 255, 255, 255]),
      9,
      8,
    ],
    [
      "WebP",
      bytesOf("RIFF", [0, 0, 0, 0], "WEBPVP8X", [10, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 3, 0, 0]),
      514,
      4,
    ],
    ["WebP", bytesOf("RIFF", [0, 0, 0, 0], "WEBPVP8L", [9, 0, 0, 0, 0x2f, 4, 0xc0, 1, 0]), 5, 8],
    [
      "WebP",
      bytesOf(
        "RIFF",
        [0, 0, 0, 0],
        "WEBPVP8 ",
        [9, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 6, 0x40, 7, 0],
      ),
      6,
      7,
    ],
    ["AVIF", iso("avif"), 40, 30],
    ["HEIC", iso("heic"), 40, 30],
    ["TIFF", tiff(true), 70_000, 9],
    ["TIFF", tiff(false), 70_000, 9],
  ])("of a %s says its size", (format, bytes, width, height) => {
    expect(imageHeader(bytes)).toEqual({ format, width, height });
  });

  test("is never read past the end, nor believed of what is no image", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(png(7, 5), jpeg, iso("avif"), tiff(true)),
        fc.nat({ max: 40 }),
        (bytes, length) => {
          const header = imageHeader(bytes.slice(0, length));
          if (header) expect(header).toEqual(imageHeader(bytes));
        },
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        imageHeader(bytes); // ends, and throws nothing
      }),
    );
    expect(() => checkedHeader(bytesOf("<xml></xml>"))).toThrow(/not a PNG, JPEG/);
  });

  test.each([
    ["<?xml version='1.0'?>\n<!-- by hand --><svg xmlns=''/>", "an SVG drawing"],
    ["\0\0\x01\0\x01\0\x10\x10", "an icon (ICO)"],
    ["\0\0\0\x0cJXL \r\n", "a JPEG XL image"],
    ["\0\0\0\x0cjP  \r\n", "a JPEG 2000 image"],
    ["8BPS\0\x01", "a Photoshop document"],
    ["P6\n2 2\n255\n", "a portable pixmap"],
    ["", "empty (0 bytes)"],
  ])("%j is named as what it is: %s", (text, kind) => {
    expect(() => checkedHeader(bytesOf(text))).toThrow(kind);
  });

  test("that claims 60,000 px is refused before anything is decoded", () => {
    const claim = png(2, 2).slice();
    new DataView(claim.buffer).setUint32(16, 60_000);
    new DataView(claim.buffer).setUint32(20, 60_000);
    expect(() => checkedHeader(claim)).toThrow(/claims 60000 x 60000 px/);
    new DataView(claim.buffer).setUint32(20, 0);
    expect(() => checkedHeader(claim)).toThrow(/claims 60000 x 0 px/);
  });
});

describe("without Exif", () => {
  test("a JPEG is as long as before and says no orientation; without any it stays as it is", () => {
    const plain = withoutOrientation(jpeg, "JPEG");
    expect(plain.length).toBe(jpeg.length);
    expect(new TextDecoder("latin1").decode(plain)).not.toContain("Exif");
    expect(imageHeader(plain)).toEqual(imageHeader(jpeg));
    expect(withoutOrientation(plain, "JPEG")).toBe(plain);
  });

  test("a PNG loses the chunk and nothing else", () => {
    const whole = png(7, 5);
    const chunk = bytesOf([0, 0, 0, 2], "eXIf", [1, 2, 9, 9, 9, 9]);
    const withExif = Uint8Array.from([...whole.slice(0, 33), ...chunk, ...whole.slice(33)]);
    expect(withoutOrientation(withExif, "PNG")).toEqual(Uint8Array.from(whole));
  });

  test("a WebP's chunk has another name, also when the file is cut", () => {
    const webp = bytesOf(
      "RIFF",
      [0, 0, 0, 0],
      "WEBP",
      "ABCD",
      [1, 0, 0, 0, 7, 0],
      "EXIF",
      [2, 0, 0, 0, 1, 2],
    );
    const plain = withoutOrientation(webp, "WebP");
    expect(new TextDecoder("latin1").decode(plain.subarray(22, 26))).toBe("none");
    expect(withoutOrientation(webp.slice(0, 25), "WebP")).toEqual(webp.slice(0, 25));
  });
});
