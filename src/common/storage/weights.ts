import { StudioError } from "../errors/studioError";
import { rangeBytes, type ByteRange } from "../formats/byteRange";
import { tensorFromBytes } from "../formats/safetensors";
import { sha256Hex } from "../formats/sha256";
import { tensorMissing, type TensorSource } from "../formats/tensorSource";
import type { WeightsSummary } from "../protocol/weights";
import { readAll, readRecord } from "./checked";
import type { Database, WeightsRecord } from "./db";
import { failing, storageError } from "./quota";
import { inTransaction } from "./transaction";

/**
 * Files of weights in chunks. A chunk is written whole with its checksum; a damaged one is thrown away and fetched
 * again. What is converted to float16 has chunks of its own, so that the old ones stay until all of
 * the new are there.
 */

type Named = Pick<WeightsRecord, "key" | "precision">;

/** What the chunks of a record are filed under. */
export const chunksKey = ({ key, precision }: Named): string =>
  precision === "float16" ? float16ChunksKey(key) : key;

export const float16ChunksKey = (key: string): string => `${key}#float16`;

const chunksOf = (weightsKey: string) => IDBKeyRange.bound([weightsKey, 0], [weightsKey, Infinity]);

export const weightsLabel = ({ repo, file }: Pick<WeightsRecord, "repo" | "file">): string =>
  `${repo}/${file}`;

/** A record with the stored part of its file, or undefined. */
export const getWeights = (db: Database, key: string): Promise<WeightsRecord | undefined> =>
  readRecord(db, "weights", key);

export async function putWeights(db: Database, record: WeightsRecord): Promise<void> {
  try {
    await db.put("weights", record);
  } catch (cause) {
    throw storageError(`noting ${weightsLabel(record)}`, cause);
  }
}

/** Writes one chunk with its checksum. */
export async function writeWeightChunk(
  db: Database,
  weightsKey: string,
  index: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const buffer = bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
  const sha256 = await sha256Hex(buffer);
  try {
    await db.put("weightChunks", { weightsKey, index, bytes: buffer, sha256 });
  } catch (cause) {
    throw storageError(`writing part ${index} of ${weightsKey}`, cause);
  }
}

/** A chunk's bytes, `missing`, or `damaged` when they are not those of its checksum. */
export async function readWeightChunk(
  db: Database,
  record: Pick<WeightsRecord, "key" | "precision" | "chunks">,
  index: number,
): Promise<Uint8Array<ArrayBuffer> | "missing" | "damaged"> {
  const stored = await db
    .get("weightChunks", [chunksKey(record), index])
    .catch((cause: unknown) =>
      Promise.reject(storageError(`reading part ${index} of ${record.key}`, cause)),
    );
  const range = record.chunks[index];
  if (!stored || !range) return "missing";
  const sound =
    stored.bytes.byteLength === rangeBytes(range) &&
    (await sha256Hex(stored.bytes)) === stored.sha256;
  return sound ? new Uint8Array(stored.bytes) : "damaged";
}

/** Numbers of the chunks that are there, without reading them. */
export async function storedChunks(db: Database, record: Named): Promise<Set<number>> {
  const keys = await db.getAllKeys("weightChunks", chunksOf(chunksKey(record)));
  return new Set(keys.map(([, index]) => index));
}

/** Deletes every chunk filed under a key; records stay as they are. */
export async function deleteChunks(db: Database, weightsKey: string): Promise<void> {
  await db.delete("weightChunks", chunksOf(weightsKey));
}

/** Deletes a file of weights and everything begun with it. */
export async function deleteWeights(db: Database, key: string): Promise<void> {
  const tx = db.transaction(["weights", "weightChunks"], "readwrite");
  await inTransaction(tx, () =>
    Promise.all([
      tx.objectStore("weights").delete(key),
      tx.objectStore("weightChunks").delete(chunksOf(key)),
      tx.objectStore("weightChunks").delete(chunksOf(float16ChunksKey(key))),
    ]),
  ).catch(failing("deleting weights"));
}

/** Puts a record in the place of another whose chunks go, in one step. */
export async function replaceWeights(
  db: Database,
  old: WeightsRecord,
  record: WeightsRecord,
): Promise<void> {
  try {
    const tx = db.transaction(["weights", "weightChunks"], "readwrite");
    await inTransaction(tx, () =>
      Promise.all([
        tx.objectStore("weights").put(record),
        tx.objectStore("weightChunks").delete(chunksOf(chunksKey(old))),
      ]),
    );
  } catch (cause) {
    throw storageError(`noting ${weightsLabel(record)}`, cause);
  }
}

/** Throws chunks away, so that the next download fetches them again. */
export async function dropWeightChunks(
  db: Database,
  key: string,
  indices: readonly number[],
): Promise<void> {
  const tx = db.transaction(["weights", "weightChunks"], "readwrite");
  await inTransaction(tx, async () => {
    const record = await tx.objectStore("weights").get(key);
    if (!record) return;
    const chunks = tx.objectStore("weightChunks");
    await Promise.all([
      tx.objectStore("weights").put({ ...record, complete: false }),
      ...indices.map((index) => chunks.delete([chunksKey(record), index])),
    ]);
  }).catch(failing("deleting damaged parts of weights"));
}

/** A record as the storage meter shows it; its bytes are those that are here now. */
export async function weightsSummary(db: Database, record: WeightsRecord): Promise<WeightsSummary> {
  const there = await storedChunks(db, record);
  const bytes = record.chunks
    .filter((_, index) => there.has(index))
    .reduce((sum, chunk) => sum + rangeBytes(chunk), 0);
  const { key, repo, file, commit, complete, precision, rounding, verified, licence } = record;
  return { key, repo, file, commit, bytes, complete, precision, rounding, verified, licence };
}

/** Everything kept of weights. */
export async function listWeights(db: Database): Promise<WeightsSummary[]> {
  const { records } = await readAll(db, "weights");
  return Promise.all(records.map((record) => weightsSummary(db, record)));
}

/** Reads a range that may lie in several chunks; the last chunk is kept at hand for the next tensor. */
function chunkReader(db: Database, record: WeightsRecord) {
  let last: { index: number; bytes: Uint8Array } | undefined;
  const chunk = async (index: number) => {
    if (last?.index === index) return last.bytes;
    const bytes = await readWeightChunk(db, record, index);
    if (typeof bytes === "string") {
      await dropWeightChunks(db, record.key, [index]);
      throw new StudioError(
        "CHECKSUM_MISMATCH",
        `Part ${index + 1} of ${record.chunks.length} of ${weightsLabel(record)} is ${bytes} in this browser's storage.`,
        "Download it again: only what is damaged is fetched.",
      );
    }
    last = { index, bytes };
    return bytes;
  };
  return async ({ first, end }: ByteRange): Promise<Uint8Array> => {
    const out = new Uint8Array(end - first);
    for (const [index, range] of record.chunks.entries()) {
      const from = Math.max(first, range.first);
      const to = Math.min(end, range.end);
      if (from >= to) continue;
      const bytes = await chunk(index);
      out.set(bytes.subarray(from - range.first, to - range.first), from - first);
    }
    return out;
  };
}

/**
 * Stored weights as tensors, each read from its chunks when it is asked for.
 * @throws StudioError WEIGHTS_MISSING when they are not complete; CHECKSUM_MISMATCH, when a tensor is read, for a
 * chunk that is damaged or gone
 */
export async function openStoredWeights(db: Database, key: string): Promise<TensorSource> {
  const record = await getWeights(db, key);
  if (!record?.complete) {
    throw new StudioError(
      "WEIGHTS_MISSING",
      `${key} is not, or not wholly, in this browser's storage.`,
      "Download it, or drop the file onto the studio.",
    );
  }
  const entries = new Map(record.tensors.map((entry) => [entry.name, entry]));
  const read = chunkReader(db, record);
  const name = weightsLabel(record);
  return {
    name,
    tensors: entries,
    read: async (wanted) => {
      const entry = entries.get(wanted);
      if (!entry) throw tensorMissing(name, wanted);
      return tensorFromBytes(entry, await read({ first: entry.begin, end: entry.end }));
    },
  };
}
