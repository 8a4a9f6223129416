import type { ImageHeader } from "./imageHeader";
import { isoImage } from "./isoImage";
import { exifParts } from "./withoutOrientation";

/** What is told of images that are read otherwise than some would think. */
export type ImageFact = "animated" | "cmyk" | "deep" | "misnamed" | "transparent" | "turned";

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const ORIENTATION_TAG = 0x0112;
const ENTRY_BYTES = 12;

/** The orientation of an Exif block, 1 to 8; 1, upright, where it says none. */
function orientationOf(exif: DataView): number {
  const little = exif.getUint16(0) === 0x4949;
  const at = exif.getUint32(4, little);
  const count = exif.getUint16(at, little);
  for (let entry = at + 2; entry < at + 2 + count * ENTRY_BYTES; entry += ENTRY_BYTES) {
    if (exif.getUint16(entry, little) === ORIENTATION_TAG) return exif.getUint16(entry + 8, little);
  }
  return 1;
}

function isTurned(bytes: Uint8Array, format: ImageHeader["format"]): boolean {
  const [part] = exifParts(bytes, format);
  if (!part) return false;
  const [begin, end] = part;
  const orientation = orientationOf(viewOf(bytes.subarray(begin, end)));
  return orientation >= 2 && orientation <= 8;
}

function pngFacts(bytes: Uint8Array): ImageFact[] {
  const view = viewOf(bytes);
  const colour = bytes[25] ?? 0;
  const chunks = new Set<string>();
  for (let at = 8; at + 8 <= bytes.length && !chunks.has("IDAT");) {
    chunks.add(String.fromCharCode(...bytes.subarray(at + 4, at + 8)));
    at += 12 + view.getUint32(at);
  }
  return [
    ...(chunks.has("acTL") ? (["animated"] as const) : []),
    ...(bytes[24] === 16 ? (["deep"] as const) : []),
    ...(colour === 4 || colour === 6 || chunks.has("tRNS") ? (["transparent"] as const) : []),
  ];
}

/** Bits a sample and number of components of the frame header, [8, 3] for a usual one. */
function jpegFrame(bytes: Uint8Array): readonly [bits: number, components: number] {
  const view = viewOf(bytes);
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return [bytes[at + 4] ?? 8, bytes[at + 9] ?? 3];
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return [8, 3];
}

function jpegFacts(bytes: Uint8Array): ImageFact[] {
  const [bits, components] = jpegFrame(bytes);
  return [
    ...(components === 4 ? (["cmyk"] as const) : []),
    ...(bits > 8 ? (["deep"] as const) : []),
  ];
}

/** Pictures and transparency of a GIF, by its blocks; two pictures are enough to know. */
function gifFacts(bytes: Uint8Array): ImageFact[] {
  const colours = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  const afterBlocks = (from: number) => {
    let at = from;
    while (at < bytes.length && bytes[at] !== 0) at += 1 + (bytes[at] ?? 0);
    return at + 1;
  };
  let [pictures, transparent] = [0, false];
  for (let at = 13 + colours(bytes[10] ?? 0); at < bytes.length && pictures < 2;) {
    if (bytes[at] === 0x2c) {
      pictures += 1;
      at = afterBlocks(at + 11 + colours(bytes[at + 9] ?? 0));
    } else if (bytes[at] === 0x21) {
      if (pictures === 0 && bytes[at + 1] === 0xf9) transparent = ((bytes[at + 3] ?? 0) & 1) === 1;
      at = afterBlocks(at + 2);
    } else break;
  }
  return [
    ...(pictures > 1 ? (["animated"] as const) : []),
    ...(transparent ? (["transparent"] as const) : []),
  ];
}

function webpFacts(bytes: Uint8Array): ImageFact[] {
  const kind = String.fromCharCode(...bytes.subarray(12, 16));
  const flags = bytes[20] ?? 0;
  const alpha =
    kind === "VP8X" ? (flags & 0x10) !== 0 : kind === "VP8L" && ((bytes[24] ?? 0) & 0x10) !== 0;
  return [
    ...(kind === "VP8X" && flags & 0x02 ? (["animated"] as const) : []),
    ...(alpha ? (["transparent"] as const) : []),
  ];
}

function formatFacts(bytes: Uint8Array, format: ImageHeader["format"]): ImageFact[] {
  switch (format) {
    case "PNG":
      return pngFacts(bytes);
    case "JPEG":
      return jpegFacts(bytes);
    case "GIF":
      return gifFacts(bytes);
    case "WebP":
      return webpFacts(bytes);
    case "AVIF":
    case "HEIC":
      return isoImage(viewOf(bytes))?.animated ? ["animated"] : [];
    case "BMP":
    case "TIFF":
      return [];
  }
}

/** What is to be told of an image, by its metadata; a damaged part of them says nothing. */
export function imageFacts(bytes: Uint8Array, { format }: ImageHeader): readonly ImageFact[] {
  const quietly = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // read past the end
      return otherwise;
    }
  };
  const turned = quietly(() => isTurned(bytes, format), false);
  return [
    ...quietly(() => formatFacts(bytes, format), []),
    ...(turned ? (["turned"] as const) : []),
  ];
}

/** Kinds by the ends of names. Others, and none, say nothing. */
const NAMED_KINDS: readonly (readonly [RegExp, ImageHeader["format"]])[] = [
  [/\.a?png$/i, "PNG"],
  [/\.(jpe?g|jpe|jfif|pjpe?g|pjp)$/i, "JPEG"],
  [/\.webp$/i, "WebP"],
  [/\.gif$/i, "GIF"],
  [/\.(bmp|dib)$/i, "BMP"],
  [/\.avifs?$/i, "AVIF"],
  [/\.(hei[cf]s?|hif)$/i, "HEIC"],
  [/\.tiff?$/i, "TIFF"],
];

/** Whether a file's name says another kind than its bytes. */
export function isMisnamed(name: string, { format }: ImageHeader): boolean {
  const named = NAMED_KINDS.find(([end]) => end.test(name))?.[1];
  return named !== undefined && named !== format;
}
