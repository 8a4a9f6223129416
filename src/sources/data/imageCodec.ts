import { StudioError } from "../../common/errors/studioError";
import type { RgbImage } from "../../common/math/pillowResize";
import { imageHeader, type ImageHeader } from "./imageHeader";
import { unreadKind } from "./imageKinds";

/**
 * Which way up an image is taken: as its pixels are stored, which is what Pillow gives the reference's loader, or turned
 * as its Exif metadata says.
 */
export type Orientation = "stored" | "exif";

/** Turns image files into pixels; the browser's decoder in workers, a PNG reader in tests. */
export interface ImageCodec {
  /** @throws StudioError BAD_IMAGE that says what is wrong with it */
  readonly decode: (bytes: Uint8Array, orientation?: Orientation) => Promise<RgbImage>;
}

/** A phone's 64 megapixels; four bytes each while it is decoded. */
const MAX_PIXELS = 2 ** 26;
const MAX_SIDE = 32_767;

export const badImage = (what: string, cause?: unknown): StudioError =>
  new StudioError(
    "BAD_IMAGE",
    what,
    "The image is left out; convert it to PNG or JPEG to have it in.",
    { cause },
  );

/**
 * The header of an image that may be decoded.
 * @throws StudioError BAD_IMAGE when it is no image, or one too large to be decoded
 */
export function checkedHeader(bytes: Uint8Array): ImageHeader {
  const header = imageHeader(bytes);
  if (!header) {
    const kind = unreadKind(bytes);
    if (kind !== undefined) throw badImage(`it is ${kind}, which is not read`);
    throw badImage(
      bytes.length === 0
        ? "it is empty (0 bytes)"
        : "it is not a PNG, JPEG, WebP, AVIF, GIF or BMP image, or is cut off",
    );
  }
  const { format, width, height } = header;
  const sides = [width, height];
  const whole = sides.every((side) => Number.isInteger(side) && side >= 1 && side <= MAX_SIDE);
  if (!whole || width * height > MAX_PIXELS) {
    throw badImage(
      `its header claims ${width} x ${height} px (${format}); at most ${MAX_PIXELS} pixels are decoded`,
    );
  }
  return header;
}
