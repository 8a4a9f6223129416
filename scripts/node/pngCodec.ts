import { convertIndexedToRgb, decode, type DecodedPng } from "fast-png";
import { badImage, checkedHeader, type ImageCodec } from "../../src/sources/data/imageCodec";
import type { RgbImage } from "../../src/common/math/pillowResize";

/** Transparent pixels over white, as the built-in images are. */
function toRgb(png: DecodedPng): RgbImage {
  const { width, height } = png;
  const data = png.palette ? convertIndexedToRgb(png) : png.data;
  const channels = data.length / (width * height);
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3) * channels;
    const level = data[channels < 3 ? pixel : pixel + (i % 3)] ?? 0;
    const alpha = channels % 2 === 0 ? (data[pixel + channels - 1] ?? 255) / 255 : 1;
    return Math.round(level * alpha + 255 * (1 - alpha));
  });
  return { width, height, rgb };
}

/** Reads PNG alone, in Node: opaque or transparent over white, 8 bits. */
export const pngCodec: ImageCodec = {
  decode: (bytes) =>
    Promise.resolve(bytes).then(() => {
      const { format } = checkedHeader(bytes);
      if (format !== "PNG") throw badImage(`${format} is not read here`);
      let png: DecodedPng;
      try {
        png = decode(bytes, { checkCrc: true });
      } catch (cause) {
        throw badImage("its PNG data is broken", cause);
      }
      if (!png.palette && png.depth !== 8) throw badImage(`it has ${png.depth} bits a channel`);
      return toRgb(png);
    }),
};
