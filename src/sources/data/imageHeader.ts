import { isoImage } from "./isoImage";

/** Format and size of an image, from the first bytes of its file. HEIC and TIFF are shown by some browsers only. */
export interface ImageHeader {
  readonly format: "PNG" | "JPEG" | "WebP" | "GIF" | "BMP" | "AVIF" | "HEIC" | "TIFF";
  readonly width: number;
  readonly height: number;
}

type Read = (view: DataView) => ImageHeader | undefined;

const startsWith = (view: DataView, text: string, at = 0): boolean =>
  view.byteLength >= at + text.length &&
  Array.from(text).every((char, i) => view.getUint8(at + i) === char.charCodeAt(0));

const png: Read = (view) =>
  startsWith(view, "\x89PNG\r\n\x1a\n") && startsWith(view, "IHDR", 12)
    ? { format: "PNG", width: view.getUint32(16), height: view.getUint32(20) }
    : undefined;

const gif: Read = (view) =>
  startsWith(view, "GIF87a") || startsWith(view, "GIF89a")
    ? { format: "GIF", width: view.getUint16(6, true), height: view.getUint16(8, true) }
    : undefined;

const bmp: Read = (view) => {
  if (!startsWith(view, "BM")) return undefined;
  const old = view.getUint32(14, true) === 12;
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const height = old ? view.getUint16(20, true) : view.getInt32(22, true);
  // a negative height means rows from the top
  return { format: "BMP", width, height: Math.abs(height) };
};

const webp: Read = (view) => {
  if (!startsWith(view, "RIFF") || !startsWith(view, "WEBP", 8)) return undefined;
  const size = (width: number, height: number): ImageHeader => ({ format: "WebP", width, height });
  if (startsWith(view, "VP8X", 12)) {
    const triple = (at: number) => view.getUint16(at, true) + view.getUint8(at + 2) * 65536 + 1;
    return size(triple(24), triple(27));
  }
  if (startsWith(view, "VP8L", 12)) {
    const bits = view.getUint32(21, true);
    return size((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
  }
  if (startsWith(view, "VP8 ", 12)) {
    return size(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
  }
  return undefined;
};

/** Markers of a frame header: C0 to CF without those of tables and arithmetic coding. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

const jpeg: Read = (view) => {
  if (!startsWith(view, "\xff\xd8\xff")) return undefined;
  for (let at = 2; ;) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // fill bytes
      continue;
    }
    if (isFrame(marker)) {
      return { format: "JPEG", width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    at += 2 + view.getUint16(at + 2);
  }
};

/** An entry of a TIFF's directory, and the tags and types that a size has. */
const ENTRY_BYTES = 12;
const [WIDTH_TAG, HEIGHT_TAG, SHORT] = [256, 257, 3];

const tiff: Read = (view) => {
  const little = startsWith(view, "II*\0");
  if (!little && !startsWith(view, "MM\0*")) return undefined;
  const at = view.getUint32(4, little);
  const count = view.getUint16(at, little);
  const valueOf = (tag: number): number => {
    for (let entry = at + 2; entry < at + 2 + count * ENTRY_BYTES; entry += ENTRY_BYTES) {
      if (view.getUint16(entry, little) !== tag) continue;
      const short = view.getUint16(entry + 2, little) === SHORT;
      return short ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little);
    }
    return 0;
  };
  return { format: "TIFF", width: valueOf(WIDTH_TAG), height: valueOf(HEIGHT_TAG) };
};

const iso: Read = (view) => {
  const image = isoImage(view);
  return image && { format: image.format, width: image.width, height: image.height };
};

/**
 * Format and size by an image's own header, so that nothing is allocated for what a file merely claims.
 * @returns undefined when it is none of the formats, or is cut before it says its size
 */
export function imageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    for (const read of [png, jpeg, webp, gif, bmp, iso, tiff]) {
      const header = read(view);
      if (header) return header;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // read past the end
  }
  return undefined;
}
