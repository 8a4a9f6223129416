/** A block holds at most this many bytes when it is unpacked. */
const MAX_BLOCK_BYTES = 2 ** 17;
const MAGIC = 0xfd2fb528;

/** A little-endian number of up to eight bytes. */
const numberAt = (bytes: Uint8Array, at: number, length: number): number =>
  bytes.subarray(at, at + length).reduceRight((value, byte) => value * 256 + byte, 0);

interface Frame {
  /** What its header makes a decoder allocate. */
  readonly claims: number;
  readonly blocksAt: number;
  readonly hasChecksum: boolean;
}

function frameAt(bytes: Uint8Array, at: number): Frame {
  const flags = bytes[at + 4] ?? 0;
  const single = (flags & 0x20) !== 0;
  const sizeFlag = flags >> 6;
  const sizeBytes = sizeFlag === 0 ? Number(single) : 2 ** sizeFlag;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] ?? 0;
  const sizeAt = at + 5 + Number(!single) + dictionaryBytes;
  const content = numberAt(bytes, sizeAt, sizeBytes) + (sizeFlag === 1 ? 256 : 0);
  const descriptor = bytes[at + 5] ?? 0;
  const base = 2 ** (10 + (descriptor >> 3));
  const window = single ? content : base + (base / 8) * (descriptor & 7);
  // the library takes the window where no size is said
  const claims = content > 0 ? content : window;
  return { claims, blocksAt: sizeAt + sizeBytes, hasChecksum: (flags & 4) !== 0 };
}

/**
 * Bytes that unpacking Zstandard data may allocate, at most: by the sizes its frames claim and by its blocks, which the
 * library believes. Data of another kind, or cut, ends the count.
 * @source RFC 8878, section 3.1.1
 */
export function zstdSize(bytes: Uint8Array): number {
  let total = 0;
  for (let at = 0; at + 6 <= bytes.length && numberAt(bytes, at, 4) === MAGIC;) {
    const { claims, blocksAt, hasChecksum } = frameAt(bytes, at);
    let blocks = 0;
    let last = false;
    for (at = blocksAt; !last && at + 3 <= bytes.length;) {
      const header = numberAt(bytes, at, 3);
      last = header % 2 === 1;
      const type = (header >> 1) & 3;
      const size = header >> 3;
      blocks += type === 2 ? MAX_BLOCK_BYTES : size;
      at += 3 + (type === 1 ? 1 : size); // of a run, one byte is repeated
    }
    total += Math.max(claims, blocks);
    if (hasChecksum) at += 4;
  }
  return total;
}
