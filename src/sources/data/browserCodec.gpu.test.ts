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

/** With orientation 6: to be shown turned by 90 degrees. */
function turnedJpeg(jpeg: Uint8Array): Uint8Array<ArrayBuffer> {
  const tiff = [
    0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
  ];
  const exif = [0xff, 0xe1, 0, 8 + tiff.length, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  return Uint8Array.from([...jpeg.subarray(0, 2), ...exif, ...jpeg.subarray(2)]);
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
  const turned = turnedJpeg(jpeg);
  const shown = await createImageBitmap(new Blob([turned]));
  expect([shown.width, shown.height]).toEqual([40, 24]); // the browser would turn it
  const image = await browserCodec.decode(turned);
  expect([image.width, image.height]).toEqual([24, 40]);
  expect(image.rgb).toEqual((await browserCodec.decode(jpeg)).rgb);
});

test("an Exif turn is applied where that is asked for", async () => {
  const image = await browserCodec.decode(
    turnedJpeg(await encoded("image/jpeg", [24, 40])),
    "exif",
  );
  expect([image.width, image.height]).toEqual([40, 24]);
  // what was the upper half is right: turned by 90 degrees to the right
  const [red = 0, green = 0] = pixel(image, 35, 12);
  expect(green).toBeGreaterThan(red);
});

test.each(["image/jpeg", "image/png", "image/webp"])(
  "%s that is cut off is refused, although the browser shows what there is of it",
  async (type) => {
    const whole = await encoded(type, [64, 64]);
    for (const share of [0.5, 0.8, 0.95]) {
      await expect(
        browserCodec.decode(whole.slice(0, Math.floor(whole.length * share))),
      ).rejects.toMatchObject({ code: "BAD_IMAGE" });
    }
  },
);

test("16 bits become 8, and a palette with transparency lies over white", async () => {
  const deep = Uint16Array.from([0, 0x8080, 0xffff, 0x1234, 0x5678, 0x9abc]);
  const image = await browserCodec.decode(
    encode({ width: 2, height: 1, data: deep, channels: 3, depth: 16 }),
  );
  const want = [0, 0x80, 0xff, 0x12, 0x56, 0x9a];
  image.rgb.forEach((level, i) => expect(Math.abs(level - (want[i] ?? 0))).toBeLessThanOrEqual(1));
  // 1 x 1 px: colour 0 is transparent
  const gif = Uint8Array.from([
    ...new TextEncoder().encode("GIF89a"),
    ...[1, 0, 1, 0, 0x80, 0, 0, 200, 10, 10, 0, 0, 0],
    ...[0x21, 0xf9, 4, 1, 0, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b],
  ]);
  expect([...(await browserCodec.decode(gif)).rgb]).toEqual([255, 255, 255]);
});

test("a TIFF is named where the browser shows none, and so is what is no image", async () => {
  const view = new DataView(new ArrayBuffer(38));
  new Uint8Array(view.buffer).set([0x49, 0x49, 42, 0, 8, 0, 0, 0, 2, 0]);
  for (const [i, tag] of [256, 257].entries()) {
    view.setUint16(10 + 12 * i, tag, true);
    view.setUint16(12 + 12 * i, 3, true);
    view.setUint16(18 + 12 * i, 4, true);
  }
  await expect(browserCodec.decode(new Uint8Array(view.buffer))).rejects.toThrow(
    "it is a TIFF image, which this browser does not show",
  );
});

test("broken and oversized images are refused in words", async () => {
  const png = encode({ width: 9, height: 9, data: new Uint8Array(243), channels: 3 });
  await expect(browserCodec.decode(png.slice(0, 50))).rejects.toMatchObject({
    code: "BAD_IMAGE",
    message: "its PNG data is cut off after 50 bytes",
  });
  const claim = png.slice();
  new DataView(claim.buffer).setUint32(16, 60_000);
  new DataView(claim.buffer).setUint32(20, 60_000);
  await expect(browserCodec.decode(claim)).rejects.toThrow(/claims 60000 x 60000 px/);
});
