import { sha256 } from "@noble/hashes/sha2.js";
import { hubFileKey, type HubFile } from "../catalogue/hubFile";
import { StudioError, toFailure } from "../errors/studioError";
import { rangeBytes, withHead, type ByteSource } from "../formats/byteRange";
import { planWeights, readHead } from "../formats/chunkPlan";
import type { TensorSource } from "../formats/tensorSource";
import { progressMeter, pullChunks } from "../hub/downloadWeights";
import { fileFacts, hubSource, type FileFacts, type HubTools } from "../hub/hubClient";
import type { WeightsEvent } from "../protocol/weights";
import type { Database, WeightsRecord } from "../storage/db";
import { convertToFloat16 } from "../storage/float16Weights";
import {
  deleteWeights,
  dropWeightChunks,
  getWeights,
  openStoredWeights,
  putWeights,
  readWeightChunk,
  storedChunks,
  weightsLabel,
  writeWeightChunk,
} from "../storage/weights";

/** What keeping weights needs from outside. */
export interface WeightsTools extends HubTools {
  /** A monotonic clock in milliseconds, for the speed shown. */
  readonly clockMs: () => number;
  /** @throws StudioError QUOTA_EXCEEDED (src/storage/quota.ts) */
  readonly assertRoomFor: (bytes: number, what: string) => Promise<void>;
}

export interface WeightsOptions {
  /** Float32 weights are kept as float16: half the size, with a measured error. */
  readonly float16: boolean;
}

export interface WeightsJob {
  readonly file: HubFile;
  readonly options: WeightsOptions;
  /** Which tensors are wanted; others are left out where that saves much. */
  readonly needed: (name: string) => boolean;
  readonly onEvent: (event: WeightsEvent) => void;
}

/** What is known of the file beforehand; by hand there is no commit. */
type Facts = Omit<FileFacts, "commit"> & { readonly commit: string | null };

function warn({ file, onEvent }: WeightsJob, error: StudioError) {
  onEvent({ type: "warning", key: hubFileKey(file), failure: toFailure(error) });
}

const isSameFile = (record: WeightsRecord, facts: Facts) =>
  record.bytes === facts.bytes &&
  (record.sha256 !== null && facts.sha256 !== null
    ? record.sha256 === facts.sha256
    : record.commit === facts.commit);

const changed = (record: WeightsRecord, facts: Facts) =>
  new StudioError(
    "DOWNLOAD_FAILED",
    `${weightsLabel(record)} is another file by now: ${facts.bytes} bytes at ${facts.commit ?? "no commit"}, ${record.bytes} at ${record.commit ?? "no commit"} before.`,
    "The download started anew; what was kept of the old file is deleted.",
  );

/** Wrong bytes are worth nothing: all of them are deleted before this is thrown. */
const mismatch = (record: WeightsRecord, found: string) =>
  new StudioError(
    "CHECKSUM_MISMATCH",
    `${weightsLabel(record)} has the SHA-256 ${found}; it should be ${record.sha256 ?? "unknown"}.`,
    "What was fetched is deleted. Download it again, or drop a file from another source.",
  );

const isStored = (record: WeightsRecord) => record.precision.kind === "stored";

/** A stored file as it is when it still serves; else undefined, after deleting what is of no use. */
async function usableRecord(
  db: Database,
  job: WeightsJob,
  facts: Facts,
): Promise<WeightsRecord | undefined> {
  const record = await getWeights(db, hubFileKey(job.file));
  if (!record) return undefined;
  if (!isSameFile(record, facts)) warn(job, changed(record, facts));
  else if (record.whole || record.tensors.some(({ name }) => job.needed(name))) {
    // chunks of a conversion cannot be fetched one by one
    const there = await storedChunks(db, record);
    if (isStored(record) || there.size === record.chunks.length) return record;
  }
  await deleteWeights(db, record.key);
  return undefined;
}

/** Plans a file that is not here yet and makes room for it. */
async function beginRecord(
  db: Database,
  tools: WeightsTools,
  { file, needed }: WeightsJob,
  facts: Facts,
  source: ByteSource,
): Promise<{ record: WeightsRecord; source: ByteSource }> {
  const head = await readHead(source);
  const plan = planWeights(head.header, facts.bytes, needed);
  const { repo, revision, licence } = file;
  const record: WeightsRecord = {
    key: hubFileKey(file),
    repo,
    revision,
    file: file.file,
    licence,
    ...facts,
    ...plan,
    verified: false,
    precision: { kind: "stored" },
    createdAtMs: tools.nowMs(),
    complete: false,
  };
  await putWeights(db, record);
  return { record, source: withHead(source, head.bytes) };
}

/** Fetches the chunks that lack, checks those that are there, and hashes all of them in order. */
async function fillChunks(
  db: Database,
  tools: WeightsTools,
  job: WeightsJob,
  record: WeightsRecord,
  source: ByteSource,
): Promise<string | null> {
  const { chunks, key } = record;
  const there = await storedChunks(db, record);
  const sizeOf = (indices: number[]) =>
    indices.reduce((sum, index) => sum + (chunks[index] ? rangeBytes(chunks[index]) : 0), 0);
  const all = [...chunks.keys()];
  const allBytes = sizeOf(all);
  const keptBytes = sizeOf(all.filter((index) => there.has(index)));
  // while float16 values are written, the old ones stay
  const forHalf = job.options.float16 ? allBytes / 2 : 0;
  await tools.assertRoomFor(allBytes - keptBytes + forHalf, weightsLabel(record));
  const hash = record.whole ? sha256.create() : null;
  const count = progressMeter(tools.clockMs, keptBytes, allBytes, (progress) =>
    job.onEvent({ type: "progress", key, ...progress }),
  );
  let index = 0;
  while (index < chunks.length) {
    if (there.has(index)) {
      const bytes = await readWeightChunk(db, record, index);
      if (typeof bytes !== "string") {
        hash?.update(bytes);
        index += 1;
        continue;
      }
      warn(job, damagedChunk(record, index));
      await dropWeightChunks(db, key, [index]);
      count(-sizeOf([index]));
      there.delete(index);
    }
    let end = index;
    while (end < chunks.length && !there.has(end)) end += 1;
    await pullChunks(
      source,
      chunks.slice(index, end),
      async (_, bytes) => {
        hash?.update(bytes);
        await writeWeightChunk(db, key, index, bytes);
        index += 1;
      },
      count,
    );
  }
  return hash ? toHex(hash.digest()) : null;
}

const toHex = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const damagedChunk = ({ key, chunks }: WeightsRecord, index: number) =>
  new StudioError(
    "CHECKSUM_MISMATCH",
    `Part ${index + 1} of ${chunks.length} of ${key} was damaged in this browser's storage.`,
    "It is fetched again.",
  );

/** Whether every chunk of finished weights is sound. */
async function isSound(db: Database, record: WeightsRecord): Promise<boolean> {
  for (const index of record.chunks.keys()) {
    if (typeof (await readWeightChunk(db, record, index)) === "string") return false;
  }
  return true;
}
