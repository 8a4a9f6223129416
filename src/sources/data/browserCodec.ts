import { badImage, checkedHeader, type ImageCodec } from "./imageCodec";
import { assertWhole } from "./wholeImage";
import { withoutOrientation } from "./withoutOrientation";

/** [height, width, 4] to [height, width, 3]. */
function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const out = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    out[to] = rgba[from] ?? 0;
    out[to + 1] = rgba[from + 1] ?? 0;
    out[to + 2] = rgba[from + 2] ?? 0;
  }
  return out;
}

/**
 * The browser's own decoders. Colour profiles are ignored and Exif turns are not applied unless that is asked for, as
 * Pillow reads images; channels of 16 bits become 8, and CMYK becomes RGB by the browser's formula; what is transparent lies over white, as the built-in images do; of an animation the first picture counts.
 */
export const browserCodec: ImageCodec = {
  decode: async (bytes, orientation = "stored") => {
    const { format } = checkedHeader(bytes);
    assertWhole(bytes, format);
    const turned = orientation === "exif" ? bytes : withoutOrientation(bytes, format);
    const upright = new Uint8Array(turned);
    let bitmap: ImageBitmap;
    try {
      bitmap = await createImageBitmap(new Blob([upright]), {
        colorSpaceConversion: "none",
        premultiplyAlpha: "default",
      });
    } catch (cause) {
      // Safari shows these two, other browsers do not
      const foreign = format === "HEIC" || format === "TIFF";
      const what = `it is a ${format} image, which this browser does not show`;
      throw badImage(foreign ? what : `its ${format} data is broken`, cause);
    }
    try {
      const { width, height } = bitmap;
      const canvas = new OffscreenCanvas(width, height);
      // on the CPU: a GPU may round colours, and the pixels are read back at once
      const context = canvas.getContext("2d", { willReadFrequently: true });
      if (!context) throw badImage(`there is no memory for its ${width} x ${height} px`);
      context.fillStyle = "#ffffff";
      context.fillRect(0, 0, width, height);
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      return { width, height, rgb: withoutAlpha(data) };
    } finally {
      bitmap.close();
    }
  },
};
