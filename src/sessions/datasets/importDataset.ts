import { ImportedData } from "../../common/config/experiment";
import { withClassChanges } from "../../sources/data/changedClasses";
import { contentHash } from "../../sources/data/contentHash";
import { factNotes } from "../../sources/data/factNotes";
import {
  importImages,
  joinedDigests,
  type ImageShard,
  type ImportProgress,
  type ImportState,
} from "../../sources/data/importImages";
import { orderedClasses, type ImageSource } from "../../sources/data/imageSource";
import { StudioError, toFailure } from "../../common/errors/studioError";
import { sha256Hex } from "../../common/formats/sha256";
import type { RemoteOptions } from "../../sources/hub/remoteBytes";
import type {
  DatasetSummary,
  ImportEvent,
  ImportOptions,
  ImportSource,
} from "../../common/protocol/datasets";
import {
  datasetRecords,
  datasetSummary,
  deleteDataset,
  imageLists,
  putImages,
} from "../../common/storage/datasets";
import type { Database, DatasetRecord } from "../../common/storage/db";
import { deletable } from "../../common/storage/deletable";
import { assertRoomFor } from "../../common/storage/quota";
import type { SessionEnvironment } from "../common/environment";
import { openSource } from "./openSource";

type OnEvent = (event: ImportEvent) => void;

/** One import's surroundings. */
export interface ImportJob {
  readonly environment: Pick<
    SessionEnvironment,
    "hub" | "imageCodec" | "nowMs" | "clockMs" | "turn"
  >;
  readonly options: ImportOptions;
  readonly onEvent: OnEvent;
  readonly signal: AbortSignal;
}

const stateOf = (record: DatasetRecord): ImportState => ({
  consumed: record.consumed,
  images: record.images,
  skippedCount: record.skippedCount,
  skipped: record.skipped,
  foundClasses: record.foundClasses,
  facts: record.facts ?? {},
});

/** The record of an import that was cut over the same listing, or a new one. */
async function recordFor(
  db: Database,
  source: ImageSource,
  options: ImportOptions,
  handle: FileSystemDirectoryHandle | null,
  nowMs: number,
): Promise<DatasetRecord> {
  const { name, resolution, split, orientation, classes } = options;
  const limit = options.limit ?? null;
  // a listing may be megabytes long, and the record is written with every shard
  const fingerprint = await sha256Hex(new TextEncoder().encode(source.fingerprint));
  const cut = (await datasetRecords(db)).filter(
    (record) =>
      record.complete === null &&
      record.source === source.label &&
      record.resolution === resolution &&
      record.limit === limit &&
      (record.orientation ?? "stored") === (orientation ?? "stored"),
  );
  const [same] = cut.filter((record) => record.fingerprint === fingerprint);
  // over another listing nothing of it can be used any more
  for (const { id } of cut.filter((record) => record !== same)) await deleteDataset(db, id);
  return {
    id: same?.id ?? crypto.randomUUID(),
    source: source.label,
    fingerprint,
    resolution,
    limit,
    ...(split === undefined ? {} : { split }),
    ...(orientation === undefined ? {} : { orientation }),
    ...(classes === undefined ? {} : { classes }),
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
    notes: source.notes,
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
  const read = factNotes(record.facts ?? {}, record.orientation ?? "stored");
  const notes = [...source.notes, ...read];
  const finished = await putImages(db, { ...record, notes, complete }, null);
  const equal = (await datasetRecords(db)).filter(
    (other) => other.complete?.hash === hash && other.id !== record.id,
  );
  // the newer one stays: the older may be the damaged one this import was made for
  for (const { id } of equal) await deleteDataset(db, id);
  return finished;
}

/** @throws StudioError CANCELLED */
function assertGoingOn(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new StudioError(
    "CANCELLED",
    "The import was cancelled.",
    "Import the same source again to go on: what is stored is kept.",
  );
}

/** @throws StudioError OUT_OF_RANGE for a side that no experiment could name */
function checkResolution(resolution: number): void {
  if (ImportedData.shape.resolution.safeParse(resolution).success) return;
  throw new StudioError(
    "OUT_OF_RANGE",
    `Images cannot be cropped to ${resolution} px.`,
    "Choose a side from 8 to 1024 px that is a multiple of 8.",
  );
}

/** Sends progress and lets messages in. */
function reporter(
  { environment, options, onEvent, signal }: ImportJob,
  source: ImageSource,
  first: ImportState,
) {
  const { limit = Infinity } = options;
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
    assertGoingOn(signal);
  };
}

/** Says once for each file that its server gives no parts, and how far the whole is. */
function wholeFileReporter(onEvent: OnEvent): NonNullable<RemoteOptions["onWhole"]> {
  const said = new Set<string>();
  return ({ url, bytes }, readBytes) => {
    if (!said.has(url)) {
      said.add(url);
      const message = `The server gives no parts of ${url}: all of its ${bytes} bytes are fetched first.`;
      const hint = "If this is slow, download the file and drop it onto the studio.";
      onEvent({ type: "warning", failure: { code: "DOWNLOAD_FAILED", message, hint } });
    }
    const nothing = { done: 0, total: null, skipped: 0, imagesPerSecond: 0 };
    onEvent({ type: "progress", ...nothing, readBytes });
  };
}

/** Estimated bytes of a photograph as PNG: half of its raw bytes. */
const squareBytes = (side: number): number => Math.ceil((side * side * 3) / 2);

/**
 * Decodes, crops and stores the images of a source, going on where an import of the same listing at the same side was
 * cut. @returns the finished data set
 *
 * @throws StudioError CANCELLED (what is stored is kept), OUT_OF_RANGE, BAD_DATASET, what opening the source throws,
 * QUOTA_EXCEEDED and other failures of storage
 */
export async function importDataset(
  db: Database,
  given: ImportSource,
  job: ImportJob,
): Promise<DatasetSummary> {
  const { environment, options, onEvent, signal } = job;
  const { resolution, limit, orientation } = options;
  checkResolution(resolution);
  const remote = { signal, onWhole: wholeFileReporter(onEvent) };
  const onRetry = (why: StudioError) => onEvent({ type: "warning", failure: toFailure(why) });
  const hub = { ...environment.hub, onRetry };
  const found = await openSource({ hub }, given, options, remote);
  const source = withClassChanges(found, options.classes);
  onEvent({ type: "found", images: source.images, bytes: source.bytes });
  const handle = given.kind === "directory" ? given.handle : null;
  let record = await recordFor(db, source, options, handle, environment.nowMs());
  const from = stateOf(record);
  const left = Math.min(source.images ?? 0, limit ?? Infinity) - record.images;
  const bytes = Math.max(0, left) * squareBytes(resolution);
  await assertRoomFor(bytes, "Importing these images", () => deletable(db));
  const store = async (shard: ImageShard | null, state: ImportState) => {
    const images = shard && { ...shard, digests: joinedDigests(shard.digests) };
    record = await putImages(db, { ...record, ...state }, images);
  };
  const codec = environment.imageCodec;
  const between = reporter(job, source, from);
  await importImages({
    ...{ source, codec, resolution, orientation, limit },
    ...{ from, store, between },
  });
  return datasetSummary(await finish(db, record, source));
}
