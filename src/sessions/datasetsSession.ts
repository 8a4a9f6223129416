import { contentHash } from "../data/contentHash";
import {
  importImages,
  joinedDigests,
  type ImageShard,
  type ImportProgress,
  type ImportState,
} from "../data/importImages";
import { orderedClasses, type ImageSource } from "../data/imageSource";
import { StudioError } from "../errors/studioError";
import { datasetOffers } from "../hub/datasetFiles";
import type { RemoteOptions } from "../hub/remoteBytes";
import type {
  DatasetsApi,
  DatasetSummary,
  ImportEvent,
  ImportOptions,
  ImportSource,
} from "../protocol/datasets";
import {
  datasetRecords,
  datasetSummary,
  deleteDataset,
  imageLists,
  listDatasets,
  putImages,
} from "../storage/datasets";
import type { Database, DatasetRecord } from "../storage/db";
import { assertRoomFor } from "../storage/quota";
import type { SessionEnvironment } from "./environment";
import { openSource } from "./openSource";
import { outcomeOf } from "./outcome";

type OnEvent = (event: ImportEvent) => void;

const stateOf = (record: DatasetRecord): ImportState => ({
  consumed: record.consumed,
  images: record.images,
  skippedCount: record.skippedCount,
  skipped: record.skipped,
  foundClasses: record.foundClasses,
});

/** The record of an import that was cut over the same listing, or a new one. */
async function recordFor(
  db: Database,
  source: ImageSource,
  options: ImportOptions,
  handle: FileSystemDirectoryHandle | null,
  nowMs: number,
): Promise<DatasetRecord> {
  const { name, resolution } = options;
  const limit = options.limit ?? null;
  const cut = (await datasetRecords(db)).filter(
    (record) =>
      record.complete === null &&
      record.source === source.label &&
      record.resolution === resolution &&
      record.limit === limit,
  );
  const [same] = cut.filter(({ fingerprint }) => fingerprint === source.fingerprint);
  // over another listing nothing of it can be used any more
  for (const { id } of cut.filter((record) => record !== same)) await deleteDataset(db, id);
  return {
    id: same?.id ?? crypto.randomUUID(),
    source: source.label,
    fingerprint: source.fingerprint,
    resolution,
    limit,
    consumed: 0,
    images: 0,
    shards: 0,
    bytes: 0,
    skippedCount: 0,
    skipped: [],
    foundClasses: [],
    complete: null,
    createdAtMs: nowMs,
    ...same,
    name,
    handle,
  };
}

/** Numbers the classes, hashes what was stored and marks it finished; takes the place of an equal one. */
async function finish(
  db: Database,
  record: DatasetRecord,
  source: ImageSource,
): Promise<DatasetRecord> {
  const { resolution, foundClasses } = record;
  const classNames = orderedClasses(foundClasses, source.classOrder);
  const numberOf = new Map(classNames.map((name, number) => [name, number]));
  const labelOf = foundClasses.map((name) => numberOf.get(name) ?? 0);
  const classCounts = classNames.map(() => 0);
  const images = (await imageLists(db, record)).map(({ classes, digests }) => {
    const labels = Array.from(classes, (found) => labelOf[found] ?? 0);
    for (const label of labels) classCounts[label] = (classCounts[label] ?? 0) + 1;
    return { labels, digests };
  });
  const hash = contentHash({ resolution, classNames }, images);
  const complete = { hash, classNames, classCounts };
  const finished = await putImages(db, { ...record, complete }, null);
  const equal = (await datasetRecords(db)).filter(
    (other) => other.complete?.hash === hash && other.id !== record.id,
  );
  // the newer one stays: the older may be the damaged one this import was made for
  for (const { id } of equal) await deleteDataset(db, id);
  return finished;
}

/** Imports data sets and keeps them; one import at a time. */
export function createDatasetsSession(environment: SessionEnvironment): DatasetsApi {
  let controller = new AbortController();

  async function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const db = await environment.openDatabase();
    try {
      return await work(db);
    } finally {
      db.close();
    }
  }

  const assertGoingOn = () => {
    if (!controller.signal.aborted) return;
    throw new StudioError(
      "CANCELLED",
      "The import was cancelled.",
      "Import the same source again to go on: what is stored is kept.",
    );
  };

  /** Sends progress and lets messages in. */
  function reporter(source: ImageSource, first: ImportState, limit: number, onEvent: OnEvent) {
    const startedMs = environment.clockMs();
    const total = source.images === null ? null : Math.min(source.images, limit);
    return async ({ images, consumed, skippedCount, readBytes }: ImportProgress) => {
      const seconds = (environment.clockMs() - startedMs) / 1000;
      onEvent({
        type: "progress",
        done: limit < Infinity ? images : consumed,
        total,
        skipped: skippedCount,
        readBytes,
        imagesPerSecond: seconds > 0 ? (consumed - first.consumed) / seconds : 0,
      });
      await environment.turn();
      assertGoingOn();
    };
  }

  async function importInto(
    db: Database,
    given: ImportSource,
    options: ImportOptions,
    onEvent: OnEvent,
  ): Promise<DatasetSummary> {
    const { resolution, limit } = options;
    const source = await openSource(environment, given, options.name, {
      signal: controller.signal,
      onWhole: wholeFileReporter(onEvent),
    });
    onEvent({ type: "found", images: source.images, bytes: source.bytes });
    const handle = given.kind === "directory" ? given.handle : null;
    let record = await recordFor(db, source, options, handle, environment.nowMs());
    const from = stateOf(record);
    const left = Math.min(source.images ?? 0, limit ?? Infinity) - record.images;
    await assertRoomFor(Math.max(0, left) * squareBytes(resolution), "Importing these images");
    const store = async (shard: ImageShard | null, state: ImportState) => {
      const images = shard && { ...shard, digests: joinedDigests(shard.digests) };
      record = await putImages(db, { ...record, ...state }, images);
    };
    await importImages({
      source,
      codec: environment.imageCodec,
      resolution,
      limit,
      from,
      store,
      between: reporter(source, from, limit ?? Infinity, onEvent),
    });
    return datasetSummary(await finish(db, record, source));
  }

  return {
    hubDataset: (repo, revision) => outcomeOf(() => datasetOffers(environment.hub, repo, revision)),
    importImages: (source, options, onEvent) => {
      controller = new AbortController();
      return outcomeOf(() => withDatabase((db) => importInto(db, source, options, onEvent)));
    },
    cancelImport: () => {
      controller.abort();
      return Promise.resolve();
    },
    datasets: () => outcomeOf(() => withDatabase(listDatasets)),
    deleteDataset: (id) =>
      outcomeOf(() => withDatabase((db) => deleteDataset(db, id)).then(() => null)),
  };
}

/** Says once for each file that its server gives no parts, and how far the whole is. */
function wholeFileReporter(onEvent: OnEvent): NonNullable<RemoteOptions["onWhole"]> {
  const said = new Set<string>();
  return ({ url, bytes }, readBytes) => {
    if (!said.has(url)) {
      said.add(url);
      const message = `The server gives no parts of ${url}: all of its ${bytes} bytes are fetched first.`;
      const hint = "Nothing to do; if it is slow, download the file and drop it onto the studio.";
      onEvent({ type: "warning", failure: { code: "DOWNLOAD_FAILED", message, hint } });
    }
    const nothing = { done: 0, total: null, skipped: 0, imagesPerSecond: 0 };
    onEvent({ type: "progress", ...nothing, readBytes });
  };
}

/** What a photograph takes as PNG, roughly: half of its raw bytes. */
const squareBytes = (side: number): number => Math.ceil((side * side * 3) / 2);
