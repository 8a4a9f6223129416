/**
 * Bytes that are read in parts: a dropped file, a file of the hub, an entry of an archive.
 * Whatever reading throws is a StudioError that names the file.
 */
export interface ByteSource {
  /** For messages: a path or an address. */
  readonly name: string;
  readonly bytes: number;
  /** Bytes `begin` (included) to `end` (not included). */
  readonly read: (begin: number, end: number) => Promise<Uint8Array>;
}

/** A whole file in memory as a source. */
export const byteSourceOf = (name: string, bytes: Uint8Array): ByteSource => ({
  name,
  bytes: bytes.length,
  read: (begin, end) => Promise.resolve(bytes.subarray(begin, end)),
});

/** A file of the user, or a stored blob, as a source. Only the parts that are requested are read. */
export const blobSource = (name: string, blob: Blob): ByteSource => ({
  name,
  bytes: blob.size,
  read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()),
});
