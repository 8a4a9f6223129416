import type { ImageHeader } from "./imageHeader";

const ascii = (bytes: Uint8Array, at: number, length: number) =>
  String.fromCharCode(...bytes.subarray(at, at + length));

/** A JPEG's metadata segments as [begin, end): those before the pixels that start with "Exif". */
function jpegExif(bytes: Uint8Array): [number, number][] {
  const found: [number, number][] = [];
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
): [number, number][] {
  const found: [number, number][] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = first; at + 8 <= bytes.length;) {
    const length = view.getUint32(little ? at + 4 : at, little);
    const end = at + 8 + (little ? length + (length % 2) : length + 4);
    if (ascii(bytes, little ? at : at + 4, 4) === name) found.push([at, end]);
    at = end;
  }
  return found;
}

/** Blanks the name of a chunk instead of cutting it out: sizes and offsets around it stay true. */
function renamed(bytes: Uint8Array, places: readonly number[], name: string): Uint8Array {
  if (places.length === 0) return bytes;
  const out = bytes.slice();
  for (const place of places) out.set(new TextEncoder().encode(name), place);
  return out;
}

/**
 * The same image without its Exif metadata. Browsers turn an image as its Exif says; Pillow, and with it the
 * reference's `dataset_tools.py`, takes the pixels as they are stored, and so does the studio.
 */
export function withoutOrientation(bytes: Uint8Array, format: ImageHeader["format"]): Uint8Array {
  if (format === "JPEG") {
    const segments = jpegExif(bytes);
    // "Exif" is what makes the segment one; any other name is passed over
    return renamed(
      bytes,
      segments.map(([begin]) => begin + 4),
      "none",
    );
  }
  if (format === "WebP") {
    const chunks = chunksNamed(bytes, "EXIF", { first: 12, little: true });
    return renamed(
      bytes,
      chunks.map(([begin]) => begin),
      "none",
    );
  }
  if (format !== "PNG") return bytes;
  // a PNG's chunk carries a checksum over its name: cut it out
  const chunks = chunksNamed(bytes, "eXIf", { first: 8, little: false });
  return chunks.reduceRight((rest, [begin, end]) => {
    const out = new Uint8Array(rest.length - (Math.min(end, rest.length) - begin));
    out.set(rest.subarray(0, begin));
    out.set(rest.subarray(end), begin);
    return out;
  }, bytes);
}
