import { StudioError, type StudioErrorCode } from "../../common/errors/studioError";
import { centerCrop } from "./centerCrop";
import type { ImageCodec, Orientation } from "./imageCodec";
import { imageFacts, isMisnamed, type ImageFact } from "./imageFacts";
import { imageHeader } from "./imageHeader";
import type { LeftOut } from "./sourceFile";
import type { SourceImage } from "./imageSource";

/** How images become squares. */
export interface SquareOptions {
  readonly codec: ImageCodec;
  /** Side of the squares, px. */
  readonly resolution: number;
  readonly orientation: Orientation;
}

/** An image that was read, with what is to be told of it. */
export interface ReadSquare {
  readonly name: string;
  readonly className: string;
  /** [resolution, resolution, 3]. */
  readonly rgb: Uint8Array<ArrayBuffer>;
  /** As it was before the crop, px. */
  readonly width: number;
  readonly height: number;
  readonly facts: readonly ImageFact[];
  readonly readBytes: number;
}

/** Errors of a single image. Any other error would occur with the next image as well. */
const OF_ONE_IMAGE: readonly StudioErrorCode[] = ["BAD_IMAGE", "BAD_ARCHIVE"];

/** Reads, decodes and crops one image, or says why it is left out. */
export async function readSquare(
  { name, className, read }: SourceImage,
  { codec, resolution, orientation }: SquareOptions,
): Promise<ReadSquare | LeftOut> {
  try {
    const bytes = await read();
    const image = await codec.decode(bytes, orientation);
    const header = imageHeader(bytes);
    const misnamed = header && isMisnamed(name, header) ? (["misnamed"] as const) : [];
    return {
      name,
      className,
      rgb: new Uint8Array(centerCrop(image, resolution)),
      width: image.width,
      height: image.height,
      facts: [...(header ? imageFacts(bytes, header) : []), ...misnamed],
      readBytes: bytes.length,
    };
  } catch (error) {
    if (error instanceof StudioError && OF_ONE_IMAGE.includes(error.code)) {
      return { name, reason: error.message };
    }
    throw error;
  }
}
