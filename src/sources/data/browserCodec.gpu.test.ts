import { encode } from "fast-png";
import { expect, test } from "vitest";
import { browserCodec } from "./browserCodec";

/** Nothing here needs a GPU, but a browser's decoders. */

async function encoded(
  type: string,
  [width, height]: readonly [number, number],
): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  context.fillStyle = "rgb(200 40 90)";
  context.fillRect(0, 0, width, height);
  context.fillStyle = "rgb(10 220 90)";
  context.fillRect(0, 0, width, Math.floor(height / 2));
  return new Uint8Array(await (await canvas.convertToBlob({ type, quality: 0.95 })).arrayBuffer());
}

const pixel = ({ width, rgb }: { width: number; rgb: Uint8Array }, x: number, y: number) => [
  ...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

test("an opaque PNG is decoded to the bit, at odd sizes", async () => {
  const data = Uint8Array.from({ length: 37 * 53 * 3 }, (_, i) => (i * 89 + (i >> 5)) & 255);
  const image = await browserCodec.decode(encode({ width: 37, height: 53, data, channels: 3 }));
  expect([image.width, image.height]).toEqual([37, 53]);
  expect(image.rgb).toEqual(data);
});

test.each(["image/jpeg", "image/webp"])("%s is decoded as nearly as it is stored", async (type) => {
  const image = await browserCodec.decode(await encoded(type, [33, 41]));
  expect([image.width, image.height]).toEqual([33, 41]);
  const near = (got: number[], want: number[]) =>
    Math.max(...got.map((level, i) => Math.abs(level - (want[i] ?? 0))));
  expect(near(pixel(image, 16, 5), [10, 220, 90])).toBeLessThan(8);
  expect(near(pixel(image, 16, 36), [200, 40, 90])).toBeLessThan(8);
});

test("transparency lies over white", async () => {
  const data = Uint8Array.from([255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 128]);
  const image = await browserCodec.decode(encode({ width: 3, height: 1, data, channels: 4 }));
  expect([...image.rgb.subarray(0, 6)]).toEqual([255, 0, 0, 255, 255, 255]);
  expect(Math.abs((image.rgb[6] ?? 0) - 127)).toBeLessThanOrEqual(1);
});

test("an Exif turn is not applied: the pixels stay as they are stored, as Pillow reads them", async () => {
  const jpeg = await encoded("image/jpeg", [24, 40]);
  // orientation 6: to be shown turned by 90 degrees
  const tiff = [
    0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
  ];
  const exif = [0xff, 0xe1, 0, 8 + tiff.length, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  const turned = Uint8Array.from([...jpeg.subarray(0, 2), ...exif, ...jpeg.subarray(2)]);
  const shown = await createImageBitmap(new Blob([turned]));
  expect([shown.width, shown.height]).toEqual([40, 24]); // the browser would turn it
  const image = await browserCodec.decode(turned);
  expect([image.width, image.height]).toEqual([24, 40]);
  expect(image.rgb).toEqual((await browserCodec.decode(jpeg)).rgb);
});

test("broken and oversized images are refused in words", async () => {
  const png = encode({ width: 9, height: 9, data: new Uint8Array(243), channels: 3 });
  await expect(browserCodec.decode(png.slice(0, 50))).rejects.toMatchObject({
    code: "BAD_IMAGE",
    message: "its PNG data is broken",
  });
  const claim = png.slice();
  new DataView(claim.buffer).setUint32(16, 60_000);
  new DataView(claim.buffer).setUint32(20, 60_000);
  await expect(browserCodec.decode(claim)).rejects.toThrow(/claims 60000 x 60000 px/);
});
