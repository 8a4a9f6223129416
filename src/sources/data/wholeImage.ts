import { badImage } from "./imageCodec";
import type { ImageHeader } from "./imageHeader";

/**
 * Whether the pixels of a file are all there. Browsers show as much as they have of a cut image, the rest grey or black,
 * and say nothing; Pillow, and with it the reference's loader, refuses it.
 */

const cut = (format: string, bytes: number) =>
  badImage(`its ${format} data is cut off after ${bytes} bytes`);

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Where a JPEG's entropy-coded pixels begin; undefined when it ends before them. */
function jpegScan(bytes: Uint8Array): number | undefined {
  const view = viewOf(bytes);
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1];
    if (marker === 0xff) at += 1;
    else if (marker === 0xda) return at + 2 + view.getUint16(at + 2);
    else at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** Whether the marker of a JPEG's end follows its pixels; what cameras append after it does not matter. */
function jpegWhole(bytes: Uint8Array): boolean {
  const scan = jpegScan(bytes);
  if (scan === undefined) return false;
  for (let at = scan; at + 1 < bytes.length; at++) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

/** Whether every chunk up to a PNG's end lies within the file. A missing end alone takes no pixel. */
function pngWhole(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  const IDAT = 0x49444154;
  let data = false;
  for (let at = 8; at + 12 <= bytes.length;) {
    const next = at + 12 + view.getUint32(at);
    const isData = view.getUint32(at + 4) === IDAT;
    if (next > bytes.length) return data && !isData;
    data ||= isData;
    at = next;
  }
  return data;
}

/** Whether a WebP's container is as long as it says; encoders leave out the last padding byte. */
const webpWhole = (bytes: Uint8Array): boolean =>
  viewOf(bytes).getUint32(4, true) + 8 <= bytes.length + 1;

/** End of a GIF's chain of data blocks that begins at `at`; undefined when it is cut. */
function afterBlocks(bytes: Uint8Array, at: number): number | undefined {
  for (let next = at; next < bytes.length;) {
    const length = bytes[next] ?? 0;
    next += 1 + length;
    if (length === 0) return next;
  }
  return undefined;
}

/** Whether the first picture of a GIF is all there. */
function gifWhole(bytes: Uint8Array): boolean {
  const colours = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at: number | undefined = 13 + colours(bytes[10] ?? 0);
  while (at !== undefined && at < bytes.length) {
    const block = bytes[at];
    if (block === 0x2c) {
      const table = colours(bytes[at + 9] ?? 0);
      return afterBlocks(bytes, at + 10 + table + 1) !== undefined;
    }
    if (block !== 0x21) return false;
    at = afterBlocks(bytes, at + 2);
  }
  return false;
}

/** Whether an uncompressed BMP has all its rows. */
function bmpWhole(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  const headerBytes = view.getUint32(14, true);
  if (headerBytes < 40 || view.getUint32(30, true) !== 0) return true; // old or compressed: for the decoder to say
  const stride = 4 * Math.ceil((view.getInt32(18, true) * view.getUint16(28, true)) / 32);
  return view.getUint32(10, true) + stride * Math.abs(view.getInt32(22, true)) <= bytes.length;
}

const WHOLE: Readonly<Record<ImageHeader["format"], (bytes: Uint8Array) => boolean>> = {
  JPEG: jpegWhole,
  PNG: pngWhole,
  WebP: webpWhole,
  GIF: gifWhole,
  BMP: bmpWhole,
  // their decoders refuse what is cut
  AVIF: () => true,
  HEIC: () => true,
  TIFF: () => true,
};

/** @throws StudioError BAD_IMAGE when pixels of the file are missing at its end */
export function assertWhole(bytes: Uint8Array, format: ImageHeader["format"]): void {
  let whole: boolean;
  try {
    whole = WHOLE[format](bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // read past the end
    whole = false;
  }
  if (!whole) throw cut(format, bytes.length);
}
