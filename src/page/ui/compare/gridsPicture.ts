import type { SampleGrid } from "../../../common/protocol/trainer";

/** Samples of one run, as a picture of several shows them. */
export interface NamedGrid {
  readonly name: string;
  readonly grid: SampleGrid;
}

const MARGIN = 16;
const CAPTION = 34;
const FONT = "12px system-ui, sans-serif";

/**
 * Grids beside one another with their runs' names and steps under them, as a PNG of twice the pixels.
 * @param caption one line below all of them: what they were drawn with
 */
export async function gridsPicture(grids: readonly NamedGrid[], caption: string): Promise<Blob> {
  const pictures = await Promise.all(grids.map(({ grid }) => decoded(grid.png)));
  const widths = pictures.map(({ width }) => Math.max(width, 180));
  const width = widths.reduce((sum, one) => sum + one + MARGIN, MARGIN);
  const tallest = Math.max(...pictures.map(({ height }) => height));
  const canvas = new OffscreenCanvas(2 * width, 2 * (tallest + 2 * CAPTION + MARGIN));
  const context = canvas.getContext("2d");
  if (!context) throw new Error("The browser gives no canvas to draw on.");
  context.scale(2, 2);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false; // pixels as they were drawn
  context.font = FONT;
  context.fillStyle = "#111";
  let left = MARGIN;
  pictures.forEach((picture, i) => {
    context.drawImage(picture, left, MARGIN);
    const [name, step] = [grids[i]?.name ?? "", grids[i]?.grid.step ?? 0];
    context.fillText(name, left, MARGIN + tallest + 16, widths[i]);
    context.fillText(`step ${step}`, left, MARGIN + tallest + 31, widths[i]);
    left += (widths[i] ?? 0) + MARGIN;
    picture.close();
  });
  context.fillText(caption, MARGIN, MARGIN + tallest + 31 + 20, width - 2 * MARGIN);
  return canvas.convertToBlob({ type: "image/png" });
}

const decoded = (png: ArrayBuffer): Promise<ImageBitmap> =>
  createImageBitmap(new Blob([png], { type: "image/png" }));

/** What two pictures of one size differ in. */
export interface PictureDifference {
  readonly width: number;
  readonly height: number;
  /** |a − b| of every channel, opaque. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Mean of |a − b| over all colour values, of 255. */
  readonly mean: number;
}

/** The absolute difference of two pictures' colours; null where their sizes differ. */
export async function pictureDifference(
  a: ArrayBuffer,
  b: ArrayBuffer,
): Promise<PictureDifference | null> {
  const [first, second] = await Promise.all([pixelsOf(a), pixelsOf(b)]);
  if (first.width !== second.width || first.height !== second.height) return null;
  const { width, height } = first;
  return { width, height, ...colourDifference(first.data, second.data) };
}

/** @param a, b values of four channels a pixel, equally many */
export function colourDifference(
  a: Uint8ClampedArray,
  b: Uint8ClampedArray,
): Pick<PictureDifference, "pixels" | "mean"> {
  const pixels = new Uint8ClampedArray(a.length);
  let sum = 0;
  for (let at = 0; at < a.length; at++) {
    const isOpacity = at % 4 === 3;
    const apart = isOpacity ? 255 : Math.abs((a[at] ?? 0) - (b[at] ?? 0));
    pixels[at] = apart;
    if (!isOpacity) sum += apart;
  }
  return { pixels, mean: a.length > 0 ? sum / ((3 * a.length) / 4) : 0 };
}

async function pixelsOf(png: ArrayBuffer): Promise<ImageData> {
  const picture = await decoded(png);
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("The browser gives no canvas to draw on.");
  context.drawImage(picture, 0, 0);
  picture.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
