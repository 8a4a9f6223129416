import { open } from "node:fs/promises";
import type { ByteSource } from "../../src/common/formats/byteSource";

/** Works on a file of the disk, of which only the parts that are asked for are read. */
export async function withFileSource<T>(
  path: string,
  work: (source: ByteSource) => Promise<T>,
): Promise<T> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return await work({
      name: path,
      bytes: size,
      read: async (begin, end) => {
        const bytes = new Uint8Array(end - begin);
        let at = 0;
        while (at < bytes.length) {
          const { bytesRead } = await file.read(bytes, at, bytes.length - at, begin + at);
          if (bytesRead === 0) throw new Error(`${path} ends at byte ${begin + at} of ${size}`);
          at += bytesRead;
        }
        return bytes;
      },
    });
  } finally {
    await file.close();
  }
}
