import { StudioError } from "../errors/studioError";
import { sha256Hex } from "../formats/sha256";
import type { DatasetSummary } from "../protocol/datasets";
import { readAll } from "./checked";
import type { Database, DatasetRecord, ImageListRecord } from "./db";
import { failing, storageError } from "./quota";
import { inTransaction } from "./transaction";

/**
 * Imported images as PNG squares in shards. A shard, its list and the record that says how far the import is are
 * written together or not at all, so a cut import goes on from its last shard; a damaged one is reported by name.
 */

const everyShard = (id: string) => IDBKeyRange.bound([id, 0], [id, Infinity]);

/** Images of one shard, in order. */
export interface StoredImages {
  readonly pngs: readonly Uint8Array[];
  readonly classes: readonly number[];
  /** SHA-256 of each image's RGB bytes, [images, 32]. */
  readonly digests: Uint8Array;
}

function packed(pngs: readonly Uint8Array[]): { bytes: ArrayBuffer; ends: Uint32Array } {
  const bytes = new Uint8Array(pngs.reduce((sum, { length }) => sum + length, 0));
  const ends = new Uint32Array(pngs.length);
  let at = 0;
  pngs.forEach((png, i) => {
    bytes.set(png, at);
    at += png.length;
    ends[i] = at;
  });
  return { bytes: bytes.buffer, ends };
}

/** Stores how far an import is, and with it the images that got it there. @returns the record as it is then */
export async function putImages(
  db: Database,
  record: DatasetRecord,
  images: StoredImages | null,
): Promise<DatasetRecord> {
  const doing = `storing images of ${record.name}`;
  if (!images) {
    await db.put("datasets", record).catch(failing(doing));
    return record;
  }
  const { bytes, ends } = packed(images.pngs);
  const place = { datasetId: record.id, shard: record.shards };
  const next = {
    ...record,
    shards: record.shards + 1,
    bytes: record.bytes + bytes.byteLength,
  };
  const list: ImageListRecord = {
    ...place,
    ends,
    classes: Uint32Array.from(images.classes),
    digests: images.digests,
    sha256: await sha256Hex(bytes),
  };
  try {
    const tx = db.transaction(["datasets", "imageLists", "images"], "readwrite");
    await inTransaction(tx, () =>
      Promise.all([
        tx.objectStore("datasets").put(next),
        tx.objectStore("imageLists").put(list),
        tx.objectStore("images").put({ ...place, bytes }),
      ]),
    );
  } catch (cause) {
    throw storageError(doing, cause);
  }
  return next;
}

/** What every shard of a data set holds, in order. @throws StudioError CHECKSUM_MISMATCH when one is missing */
export async function imageLists(db: Database, record: DatasetRecord): Promise<ImageListRecord[]> {
  const lists = await db
    .getAll("imageLists", everyShard(record.id))
    .catch(failing(`reading the list of ${record.name}`));
  const images = lists.reduce((sum, { classes }) => sum + classes.length, 0);
  if (lists.length !== record.shards || images !== record.images) {
    throw damaged(record, `${images} of its ${record.images} images are there`);
  }
  return lists;
}

const damaged = ({ name, source }: DatasetRecord, what: string) =>
  new StudioError(
    "CHECKSUM_MISMATCH",
    `The stored images of "${name}" are damaged: ${what}.`,
    `Delete the data set and import it again from ${source}: the same files give the same data set, and its caches are kept.`,
  );

/**
 * One shard's bytes, checked against their checksum.
 * @throws StudioError CHECKSUM_MISMATCH that names the shard
 */
export async function readImageShard(
  db: Database,
  record: DatasetRecord,
  { shard, sha256 }: ImageListRecord,
): Promise<Uint8Array> {
  const stored = await db
    .get("images", [record.id, shard])
    .catch(failing(`reading images of ${record.name}`));
  if (!stored) throw damaged(record, `shard ${shard} of ${record.shards} is missing`);
  if ((await sha256Hex(stored.bytes)) !== sha256) {
    throw damaged(record, `shard ${shard} of ${record.shards} has another checksum`);
  }
  return new Uint8Array(stored.bytes);
}

/** Every record, newest first. */
export async function datasetRecords(db: Database): Promise<DatasetRecord[]> {
  const { records } = await readAll(db, "datasets");
  return [...records].sort((a, b) => b.createdAtMs - a.createdAtMs);
}

/** The finished data set of that content, if it was imported here. */
export async function datasetByHash(
  db: Database,
  hash: string,
): Promise<DatasetRecord | undefined> {
  return (await datasetRecords(db)).find(({ complete }) => complete?.hash === hash);
}

/** What going on with a cut import takes. */
const unfinished = ({
  limit,
  handle,
  split,
  orientation,
  classes,
}: DatasetRecord): Partial<DatasetSummary> => ({
  ...(limit === null ? {} : { limit }),
  ...(split === undefined ? {} : { split }),
  ...(orientation === undefined ? {} : { orientation }),
  ...(classes === undefined ? {} : { classes }),
  ...(handle ? { handle } : {}),
});

/** A record as lists show it. */
export function datasetSummary(record: DatasetRecord): DatasetSummary {
  const { id, name, source, resolution, images, bytes, skippedCount, skipped } = record;
  const { complete, createdAtMs } = record;
  const classNames = complete?.classNames ?? [];
  const data = complete && {
    hash: complete.hash,
    source,
    resolution,
    classes: classNames.length,
    images,
  };
  return {
    id,
    name,
    source,
    data,
    classNames,
    classCounts: complete?.classCounts ?? [],
    images,
    resolution,
    bytes,
    skippedCount,
    skipped,
    notes: record.notes ?? [],
    createdAtMs,
    ...(complete ? {} : unfinished(record)),
    resumable: complete === null,
  };
}

/** Imported data sets, finished or cut, newest first; the storage meter adds up their `bytes`. */
export const listDatasets = async (db: Database): Promise<DatasetSummary[]> =>
  (await datasetRecords(db)).map(datasetSummary);

/** Deletes a data set with all its images. */
export async function deleteDataset(db: Database, id: string): Promise<void> {
  const tx = db.transaction(["datasets", "imageLists", "images"], "readwrite");
  await inTransaction(tx, () =>
    Promise.all([
      tx.objectStore("datasets").delete(id),
      tx.objectStore("imageLists").delete(everyShard(id)),
      tx.objectStore("images").delete(everyShard(id)),
    ]),
  ).catch(failing("deleting a data set"));
}
