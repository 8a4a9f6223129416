import type { ByteSource } from "../formats/byteSource";
import { entriesOf, entryProblem, nameOf, readEntry, type FileEntry } from "../formats/zipEntries";
import { asBadResults, badResults } from "./badResults";

const MAX_ENTRIES = 1_000_000;
/** All files together, unpacked, against the bytes of the archive. */
const MAX_RATIO = 200;
/** Of a name that a message repeats. */
const MAX_SAID = 200;

/** Files of an archive by their names. */
export interface Archive {
  readonly name: string;
  readonly entries: ReadonlyMap<string, FileEntry>;
}

/** @throws StudioError BAD_RESULTS for what is no zip, names a file twice or holds more than it can */
export async function openArchive(source: ByteSource): Promise<Archive> {
  const { name, bytes } = source;
  const found = await entriesOf(source, MAX_ENTRIES).catch((thrown: unknown) => {
    throw asBadResults(name, thrown);
  });
  const entries = new Map<string, FileEntry>();
  let [packed, whole] = [0, 0];
  for (const entry of found) {
    const file = nameOf(entry);
    if (entries.has(file)) throw badResults(name, `it holds "${file.slice(0, MAX_SAID)}" twice`);
    entries.set(file, entry);
    packed += entry.compressedSize;
    whole += entry.uncompressedSize;
  }
  if (packed > bytes) throw badResults(name, "its files lie over one another");
  if (whole > bytes * MAX_RATIO) {
    throw badResults(name, `${bytes} bytes claim to unpack to ${whole}`);
  }
  return { name, entries };
}

/** @throws StudioError BAD_RESULTS when the file is not there, or has other bytes than it claims */
export async function readFile({ name, entries }: Archive, file: string, maxBytes: number) {
  const entry = entries.get(file);
  if (!entry) throw badResults(name, `it names the file "${file}", which is not in it`);
  const problem = entryProblem(entry);
  if (problem !== undefined) throw badResults(name, `"${file}": ${problem}`);
  return readEntry(`${name}: ${file}`, entry, maxBytes).catch((thrown: unknown) => {
    throw asBadResults(name, thrown);
  });
}
