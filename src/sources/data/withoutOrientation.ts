import type { ImageHeader } from "./imageHeader";

/** A part of a file: from byte `begin` (included) to `end` (not included). */
type Part = readonly [begin: number, end: number];

const ascii = (bytes: Uint8Array, at: number, length: number) =>
  String.fromCharCode(...bytes.subarray(at, at + length));

/** A JPEG's metadata segments as [begin, end): those before the pixels that start with "Exif". */
function jpegExif(bytes: Uint8Array): Part[] {
  const found: Part[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === 0xda) break; // the pixels
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const end = at + 2 + view.getUint16(at + 2);
    if (marker === 0xe1 && ascii(bytes, at + 4, 4) === "Exif") found.push([at, end]);
    at = end;
  }
  return found;
}

/** A PNG's or WebP's metadata chunks as [begin, end). */
function chunksNamed(
  bytes: Uint8Array,
  name: string,
  { first, little }: { first: number; little: boolean },
): Part[] {
  const found: Part[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = first; at + 8 <= bytes.length;) {
    const length = view.getUint32(little ? at + 4 : at, little);
    const end = at + 8 + (little ? length + (length % 2) : length + 4);
    if (ascii(bytes, little ? at : at + 4, 4) === name) found.push([at, end]);
    at = end;
  }
  return found;
}

const pngExif = (bytes: Uint8Array) => chunksNamed(bytes, "eXIf", { first: 8, little: false });
const webpExif = (bytes: Uint8Array) => chunksNamed(bytes, "EXIF", { first: 12, little: true });

/** The Exif blocks of an image, each from its byte order mark on; none for formats that carry it elsewhere. */
export function exifParts(bytes: Uint8Array, format: ImageHeader["format"]): readonly Part[] {
  switch (format) {
    case "JPEG":
      return jpegExif(bytes).map(([begin, end]) => [begin + 10, end]); // marker, length, "Exif", two zeros
    case "PNG":
      return pngExif(bytes).map(([begin, end]) => [begin + 8, end - 4]);
    case "WebP":
      return webpExif(bytes).map(([begin, end]) => {
        const marked = ascii(bytes, begin + 8, 4) === "Exif"; // some writers copy a JPEG's mark along
        return [begin + (marked ? 14 : 8), end];
      });
    default:
      return [];
  }
}

/** Blanks the name of a chunk instead of cutting it out: sizes and offsets around it stay true. */
function renamed(bytes: Uint8Array, places: readonly number[], name: string): Uint8Array {
  if (places.length === 0) return bytes;
  const out = bytes.slice();
  for (const place of places) out.set(new TextEncoder().encode(name), place);
  return out;
}

/** The bytes between the parts, which are in order and apart. One copy, however many parts there are. */
function without(bytes: Uint8Array, parts: readonly Part[]): Uint8Array {
  if (parts.length === 0) return bytes;
  const out = new Uint8Array(bytes.length);
  let [length, from] = [0, 0];
  for (const [begin, end] of [...parts, [bytes.length, bytes.length] as const]) {
    const kept = bytes.subarray(from, begin);
    out.set(kept, length);
    length += kept.length;
    from = Math.min(end, bytes.length);
  }
  return out.subarray(0, length);
}

/**
 * The same image without its Exif metadata. Browsers turn an image as its Exif says; Pillow, and with it the
 * reference's `dataset_tools.py`, takes the pixels as they are stored, and so does the studio.
 */
export function withoutOrientation(bytes: Uint8Array, format: ImageHeader["format"]): Uint8Array {
  switch (format) {
    case "JPEG":
      // "Exif" is what makes the segment one; any other name is passed over
      return renamed(
        bytes,
        jpegExif(bytes).map(([begin]) => begin + 4),
        "none",
      );
    case "WebP":
      return renamed(
        bytes,
        webpExif(bytes).map(([begin]) => begin),
        "none",
      );
    case "PNG":
      return without(bytes, pngExif(bytes)); // a PNG's chunk carries a checksum over its name: cut it out
    default:
      return bytes;
  }
}
