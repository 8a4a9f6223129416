/** Opaque RGBA of RGB pixels, as a canvas takes them. */
export function rgbToRgba(rgb: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const pixels = rgb.length / 3;
  const rgba = new Uint8ClampedArray(pixels * 4);
  for (let i = 0; i < pixels; i += 1) {
    rgba[4 * i] = rgb[3 * i] ?? 0;
    rgba[4 * i + 1] = rgb[3 * i + 1] ?? 0;
    rgba[4 * i + 2] = rgb[3 * i + 2] ?? 0;
    rgba[4 * i + 3] = 255;
  }
  return rgba;
}
