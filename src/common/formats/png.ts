import { StudioError } from "../errors/studioError";
import type { RgbImage } from "../math/pillowResize";

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const CHANNELS = 3;
/** Signature, length, type and body of the first chunk, which says the size. */
const HEADER_END = 29;
/** Where its body says the width; the height comes next. */
const WIDTH_AT = 16;
/** Every row is filtered by Paeth's predictor: choosing one for each row takes four times as long for little. */
const PAETH = 4;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(body, 8);
  view.setUint32(body.length + 8, crc32(out.subarray(4, body.length + 8)));
  return out;
}

/** Whichever of the three neighbours is nearest to left + up - corner. */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - corner - corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** The picture's rows as distances from what their neighbours foretell, each behind its filter's number. */
function filtered({ width, height, rgb }: RgbImage): Uint8Array<ArrayBuffer> {
  const stride = width * CHANNELS;
  const out = new Uint8Array(height * (stride + 1));
  for (let y = 0; y < height; y++) {
    const row = y * stride;
    const to = y * (stride + 1) + 1;
    out[to - 1] = PAETH;
    for (let x = 0; x < stride; x++) {
      const at = row + x;
      const left = x < CHANNELS ? 0 : (rgb[at - CHANNELS] ?? 0);
      const up = y === 0 ? 0 : (rgb[at - stride] ?? 0);
      const corner = y === 0 || x < CHANNELS ? 0 : (rgb[at - stride - CHANNELS] ?? 0);
      out[to + x] = (rgb[at] ?? 0) - paeth(left, up, corner); // modulo 256, as the format wants it
    }
  }
  return out;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * A picture as PNG, 8-bit RGB. The platform's own deflate is several times quicker than one in JavaScript, and rows
 * are filtered, without which photographs would hardly shrink.
 * @source PNG, third edition (W3C), sections 9 and 12.7
 */
export async function encodePng(image: RgbImage): Promise<Uint8Array> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, image.width);
  view.setUint32(4, image.height);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, filters, not interlaced
  const parts = [
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", await deflate(filtered(image))),
    chunk("IEND", new Uint8Array(0)),
  ];
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The size that a PNG says it has, by its first bytes alone; undefined for what is none. */
export function pngSize(
  bytes: Uint8Array,
): { readonly width: number; readonly height: number } | undefined {
  const isPng = bytes.length >= HEADER_END && SIGNATURE.every((byte, at) => bytes[at] === byte);
  if (!isPng) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_END);
  return { width: view.getUint32(WIDTH_AT), height: view.getUint32(WIDTH_AT + 4) };
}

/** The size and the compressed data of an 8-bit RGB picture without interlacing. */
function readChunks(bytes: Uint8Array<ArrayBuffer>, checkCrc: boolean) {
  if (!SIGNATURE.every((byte, at) => bytes[at] === byte)) throw new Error("it is no PNG");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array<ArrayBuffer>[] = [];
  let [width, height] = [0, 0];
  for (let at = SIGNATURE.length; at < bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const body = at + 8;
    const crcIsRight = () =>
      crc32(bytes.subarray(at + 4, body + length)) === view.getUint32(body + length);
    if (checkCrc && !crcIsRight()) throw new Error(`its chunk ${type} is damaged`);
    if (type === "IHDR") {
      [width, height] = [view.getUint32(body), view.getUint32(body + 4)];
      const [depth, colour, , , interlace] = bytes.subarray(body + 8, body + 13);
      if (depth !== 8 || colour !== 2 || interlace !== 0)
        throw new Error(`depth ${depth}, colour type ${colour}, interlacing ${interlace}`);
    } else if (type === "IDAT") data.push(bytes.subarray(body, body + length));
    at = body + length + 4;
  }
  return { width, height, data };
}

/** Puts what a row's filter foretold back on its bytes, in place; `up` is the row above, zeros above the first. */
function unfilter(filter: number, row: Uint8Array, up: Uint8Array): void {
  if (filter === 0) return;
  if (filter > PAETH) throw new Error(`a row has filter ${filter}`);
  for (let x = 0; x < row.length; x++) {
    const left = x < CHANNELS ? 0 : (row[x - CHANNELS] ?? 0);
    const above = up[x] ?? 0;
    const corner = x < CHANNELS ? 0 : (up[x - CHANNELS] ?? 0);
    const foretold =
      filter === 1
        ? left
        : filter === 2
          ? above
          : filter === 3
            ? (left + above) >> 1
            : paeth(left, above, corner);
    row[x] = (row[x] ?? 0) + foretold; // modulo 256
  }
}

async function write(
  parts: readonly Uint8Array<ArrayBuffer>[],
  to: WritableStream<BufferSource>,
): Promise<void> {
  const writer = to.getWriter();
  for (const part of parts) await writer.write(part);
  await writer.close();
}

/** Rows as they arrive, each behind its filter's number, to pixels [height, width, 3]. */
function rowReader(width: number, height: number) {
  const stride = width * CHANNELS;
  const rgb = new Uint8Array(height * stride);
  const aboveFirst = new Uint8Array(stride);
  const row = (y: number) => (y < 0 ? aboveFirst : rgb.subarray(y * stride, (y + 1) * stride));
  let [y, column, filter] = [0, -1, 0]; // column -1: the filter's number comes next
  const read = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) {
      if (y === height) throw new Error(`more pixels than ${width} x ${height}`);
      if (column < 0) {
        filter = bytes[at++] ?? 0;
        column = 0;
      }
      const part = bytes.subarray(at, at + stride - column);
      rgb.set(part, y * stride + column);
      at += part.length;
      column += part.length;
      if (column === stride) {
        unfilter(filter, row(y), row(y - 1));
        [y, column] = [y + 1, -1];
      }
    }
  };
  return { rgb, read, rows: () => y };
}

/**
 * The pixels [height, width, 3] of an 8-bit RGB picture without interlacing. For large pictures: the platform's own
 * inflate takes a fraction of the time of one in JavaScript, and refuses data whose checksum is wrong.
 * @param checkCrc also checks that of every chunk; for callers that have not checked a hash
 * @throws Error that says what is wrong, when the bytes are no such picture
 * @source PNG, third edition (W3C), sections 5, 7 and 9
 */
export async function decodePng(
  bytes: Uint8Array<ArrayBuffer>,
  checkCrc = false,
): Promise<RgbImage> {
  const { width, height, data } = readChunks(bytes, checkCrc);
  const reader = rowReader(width, height);
  const { readable, writable } = new DecompressionStream("deflate");
  const inflated = readable.getReader();
  const readAll = async () => {
    for (let part = await inflated.read(); !part.done; part = await inflated.read())
      reader.read(part.value);
  };
  const reading = readAll().catch(async (thrown: unknown) => {
    await inflated.cancel(thrown).catch(() => undefined); // or the writer would wait for ever
    throw thrown;
  });
  await Promise.all([write(data, writable), reading]);
  if (reader.rows() < height) throw new Error(`${reader.rows()} of ${height} rows`);
  return { width, height, rgb: reader.rgb };
}

/**
 * The pixels [side, side, 3] of what `encodePng` wrote.
 * @throws StudioError BAD_IMAGE when the bytes are anything else than an 8-bit RGB square of that side
 */
export async function decodePngSquare(bytes: Uint8Array, side: number): Promise<Uint8Array> {
  const bad = (what: string, cause?: unknown) =>
    new StudioError(
      "BAD_IMAGE",
      `A stored image is ${what}; expected an 8-bit RGB square of ${side} px.`,
      "Delete the data set and import it again.",
      { cause },
    );
  // before anything is unpacked: a few bytes may claim a picture of gigabytes
  const claimed = pngSize(bytes);
  if (claimed && (claimed.width !== side || claimed.height !== side)) {
    throw bad(`${claimed.width} x ${claimed.height} px`);
  }
  try {
    return (await decodePng(bytes.slice(), true)).rgb;
  } catch (cause) {
    throw bad(`no such picture (${cause instanceof Error ? cause.message : String(cause)})`, cause);
  }
}
