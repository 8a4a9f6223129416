import { StudioError } from "../../common/errors/studioError";
import { pillowResize, type RgbImage } from "../../common/math/pillowResize";

/** Pixels of the enlarged image that is cut: a sliver of 1 x 10,000 px would become 256 x 2,560,000 px. */
const MAX_RESIZED_PIXELS = 2 ** 26;

/** Python's `round`: halves go to the even neighbour. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return rest < 0.5 ? floor : floor + 1;
}

/** Halves with a box filter while the shorter side is at least twice the wanted one. */
function halved(image: RgbImage, side: number): RgbImage {
  let current = image;
  while (Math.min(current.width, current.height) >= 2 * side) {
    const half = {
      width: Math.floor(current.width / 2),
      height: Math.floor(current.height / 2),
    };
    current = pillowResize(current, half, "box");
  }
  return current;
}

/**
 * ADM's centre crop, to the bit: halvings by box filter, a bicubic resize of the shorter side to `side`, then the
 * middle square.
 *
 * @returns uint8 RGB [side, side, 3]
 * @source REPA preprocessing/dataset_tools.py center_crop_imagenet (--transform=center-crop-dhariwal)
 * @throws StudioError BAD_IMAGE when the image is so oblong that its resized form would not fit in memory
 */
export function centerCrop(image: RgbImage, side: number): Uint8Array {
  const small = halved(image, side);
  const scale = side / Math.min(small.width, small.height);
  const width = roundHalfEven(small.width * scale);
  const height = roundHalfEven(small.height * scale);
  if (width * height > MAX_RESIZED_PIXELS) {
    throw new StudioError(
      "BAD_IMAGE",
      `${image.width} x ${image.height} px is too oblong: its shorter side at ${side} px would make it ${width} x ${height} px.`,
      "Crop the image, or leave it out.",
    );
  }
  const { rgb } = pillowResize(small, { width, height }, "bicubic");
  const top = Math.floor((height - side) / 2);
  const left = Math.floor((width - side) / 2);
  const out = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const from = ((top + y) * width + left) * 3;
    out.set(rgb.subarray(from, from + side * 3), y * side * 3);
  }
  return out;
}
