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
  ])("of a %s says its size", (format, bytes, width, height) => {
    expect(imageHeader(bytes)).toEqual({ format, width, height });
  });

  test("is never read past the end, nor believed of what is no image", () => {
    fc.assert(
      fc.property(fc.constantFrom(png(7, 5), jpeg), fc.nat({ max: 40 }), (bytes, length) => {
        const header = imageHeader(bytes.slice(0, length));
        if (header) expect(header).toEqual(imageHeader(bytes));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        imageHeader(bytes); // ends, and throws nothing
      }),
    );
    expect(() => checkedHeader(bytesOf("<svg></svg>"))).toThrow(/not a PNG, JPEG/);
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
