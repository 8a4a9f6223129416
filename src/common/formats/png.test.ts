import { crc32 } from "node:zlib";
import { decode, encode } from "fast-png";
import { expect, test } from "vitest";
import { randomUniform } from "../math/rng";
import { decodePng, encodePng, decodePngSquare } from "./png";

const [WIDTH, HEIGHT] = [7, 10];

const rgb = Uint8Array.from(
  randomUniform({ seed: 1, stream: "test/png" }, WIDTH * HEIGHT * 3),
  (value) => Math.floor(value * 256),
);

const deflate = async (bytes: Uint8Array<ArrayBuffer>) => {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

/** A chunk whose CRC is left zero. */
const chunk = (type: string, body: Uint8Array) => {
  const length = [24, 16, 8, 0].map((shift) => (body.length >>> shift) & 0xff);
  return [...length, ...new TextEncoder().encode(type), ...body, 0, 0, 0, 0];
};

/** A file whose rows hold `rows` as they are; the compressed data is cut into two chunks. */
async function png(
  rows: Uint8Array<ArrayBuffer>,
  { depth = 8, colour = 2 } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const data = await deflate(rows);
  const header = [0, 0, 0, WIDTH, 0, 0, 0, HEIGHT, depth, colour, 0, 0, 0];
  return Uint8Array.from([
    ...[137, 80, 78, 71, 13, 10, 26, 10],
    ...chunk("IHDR", Uint8Array.from(header)),
    ...chunk("tEXt", new TextEncoder().encode("a\0b")),
    ...chunk("IDAT", data.subarray(0, 20)),
    ...chunk("IDAT", data.subarray(20)),
    ...chunk("IEND", new Uint8Array(0)),
  ]);
}

test("what was encoded comes back, with and without filtered rows", async () => {
  const image = { width: WIDTH, height: HEIGHT, rgb };
  const filtered = new Uint8Array(await encodePng(image));
  expect(await decodePng(filtered)).toEqual(image);
  const plain = encode({ width: WIDTH, height: HEIGHT, data: rgb, channels: 3 });
  expect(await decodePng(new Uint8Array(plain))).toEqual(image);
});

test("every filter of the format gives the pixels of another decoder, in the first row too", async () => {
  for (let first = 0; first < 5; first++) {
    const stride = WIDTH * 3 + 1;
    const rows = new Uint8Array(HEIGHT * stride);
    for (let y = 0; y < HEIGHT; y++) {
      rows[y * stride] = (first + y) % 5;
      rows.set(rgb.subarray(y * WIDTH * 3, (y + 1) * WIDTH * 3), y * stride + 1);
    }
    const bytes = await png(rows);
    expect((await decodePng(bytes)).rgb, `first filter ${first}`).toEqual(decode(bytes).data);
  }
});

test("what is no such picture is refused with what it is", async () => {
  const rows = new Uint8Array(HEIGHT * (WIDTH * 3 + 1));
  await expect(decodePng(new Uint8Array(100))).rejects.toThrow("no PNG");
  await expect(decodePng(await png(rows, { depth: 16 }))).rejects.toThrow("depth 16");
  await expect(decodePng(await png(rows, { colour: 6 }))).rejects.toThrow("colour type 6");
  await expect(decodePng(await png(rows.subarray(1)))).rejects.toThrow("9 of 10 rows");
  await expect(decodePng(await png(Uint8Array.of(...rows, 0)))).rejects.toThrow("more pixels");
  await expect(decodePng((await png(rgb)).subarray(0, 70))).rejects.toThrow();
  await expect(decodePng((await png(rows)).subarray(0, 20))).rejects.toThrow();
  const unknown = rows.slice();
  unknown[0] = 5;
  await expect(decodePng(await png(unknown))).rejects.toThrow("filter 5");
});

test("a stored square that claims another size is refused before it is unpacked", async () => {
  const square = Uint8Array.from(
    await encodePng({ width: 8, height: 8, rgb: new Uint8Array(192) }),
  );
  expect(await decodePngSquare(square, 8)).toHaveLength(192);
  for (const [at, bytes] of [
    [16, 30_000],
    [20, 7],
  ] as const) {
    const liar = square.slice();
    new DataView(liar.buffer).setUint32(at, bytes);
    await expect(decodePngSquare(liar, 8)).rejects.toThrow(`${bytes}`);
  }
});

test("a stored square whose data is damaged is refused, also where its chunk says otherwise", async () => {
  const rgb = Uint8Array.from({ length: 192 }, (_, i) => (i * 37) % 256);
  const square = Uint8Array.from(await encodePng({ width: 8, height: 8, rgb }));
  const view = new DataView(square.buffer, square.byteOffset);
  const idat = 33; // behind signature and header: length, type, body, CRC
  const length = view.getUint32(idat);
  const body = idat + 8;
  for (let at = body; at < body + length; at++) {
    const broken = square.slice();
    broken[at] = (broken[at] ?? 0) ^ 16;
    await expect(decodePngSquare(broken, 8), `byte ${at}`).rejects.toThrow("IDAT is damaged");
    new DataView(broken.buffer).setUint32(
      body + length,
      crc32(broken.subarray(idat + 4, body + length)),
    );
    await expect(decodePngSquare(broken, 8), `byte ${at}, with its CRC`).rejects.toThrow(
      "no such picture",
    );
  }
});
