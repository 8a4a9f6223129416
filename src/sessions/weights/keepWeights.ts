import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { hubFileKey, type HubFile } from "../../common/catalogue/hubFile";
import { StudioError, toFailure } from "../../common/errors/studioError";
import { rangeBytes, withHead, type StreamSource } from "../../common/formats/byteRange";
import { planWeights, readHead } from "../../common/formats/chunkPlan";
import { progressMeter, pullChunks } from "../../sources/hub/downloadWeights";
import type { FileFacts } from "../../sources/hub/hubClient";
import type { WeightsEvent, WeightsOptions } from "../../common/protocol/weights";
import type { Database, WeightsRecord } from "../../common/storage/db";
import { convertToFloat16 } from "../../common/storage/float16Weights";
import {
  deleteWeights,
  dropWeightChunks,
  getWeights,
  putWeights,
  readWeightChunk,
  storedChunks,
  weightsLabel,
  writeWeightChunk,
} from "../../common/storage/weights";

/** What keeping weights needs from outside. */
export interface KeepingTools {
  /** Milliseconds since the epoch, for records. */
  readonly nowMs: () => number;
  /** A monotonic clock in milliseconds, for the speed shown. */
  readonly clockMs: () => number;
  /** @throws StudioError QUOTA_EXCEEDED (src/common/storage/quota.ts) */
  readonly assertRoomFor: (bytes: number, what: string) => Promise<void>;
}

/** A file of weights to store. */
export interface WeightsJob {
  readonly file: HubFile;
  readonly options: WeightsOptions;
  /** Tensors that are needed; others are left out where that saves much. */
  readonly needed: (name: string) => boolean;
  readonly onEvent: (event: WeightsEvent) => void;
  readonly signal?: AbortSignal;
}

/** What is known of the file before it is read. A file of the user has no commit. */
export interface KnownFacts extends Omit<FileFacts, "commit"> {
  readonly commit: string | null;
  /** Whether the file's checksum equals a known one; absent when it was not compared. */
  readonly verified?: boolean;
}

/** Reports a problem that was repaired. */
export function warn({ file, onEvent }: WeightsJob, error: StudioError) {
  onEvent({ type: "warning", key: hubFileKey(file), failure: toFailure(error) });
}

const isSameFile = (record: WeightsRecord, facts: KnownFacts) =>
  record.bytes === facts.bytes &&
  (record.sha256 !== null && facts.sha256 !== null
    ? record.sha256 === facts.sha256
    : record.commit === facts.commit);

const changed = (record: WeightsRecord, facts: KnownFacts) =>
  new StudioError(
    "DOWNLOAD_FAILED",
    `${weightsLabel(record)} is another file by now: ${facts.bytes} bytes at ${facts.commit ?? "no commit"}, ${record.bytes} at ${record.commit ?? "no commit"} before.`,
    "The download started anew; what was kept of the old file is deleted.",
  );

/** Thrown after all bytes of the file were deleted. */
const mismatch = (record: WeightsRecord, found: string) =>
  new StudioError(
    "CHECKSUM_MISMATCH",
    `${weightsLabel(record)} has the SHA-256 ${found}; it should be ${record.sha256 ?? "unknown"}.`,
    "What was fetched is deleted. Download it again, or drop a file from another source.",
  );

/** The stored file when it fits this job. Otherwise it is deleted, and the result is undefined. */
async function usableRecord(
  db: Database,
  job: WeightsJob,
  facts: KnownFacts,
): Promise<WeightsRecord | undefined> {
  const record = await getWeights(db, hubFileKey(job.file));
  if (!record) return undefined;
  job.onEvent({ type: "checking", key: record.key });
  const rounded = record.precision === "float16";
  const damaged = rounded ? await firstUnsound(db, record) : undefined;
  if (!isSameFile(record, facts)) warn(job, changed(record, facts));
  else if (damaged !== undefined) warn(job, damagedChunk(record, damaged));
  else if (!record.leftOut.some(job.needed) && (!rounded || job.options.float16)) return record;
  await deleteWeights(db, record.key);
  return undefined;
}

/** Plans the chunks of a file that is not stored, and makes room for them. */
async function beginRecord(
  db: Database,
  tools: KeepingTools,
  { file, needed }: WeightsJob,
  facts: KnownFacts,
  source: StreamSource,
): Promise<{ record: WeightsRecord; from: StreamSource }> {
  const head = await readHead(source);
  const plan = planWeights(head.header, facts.bytes, needed);
  if (plan.tensors.length === 0) {
    throw new StudioError(
      "PARAM_MISSING",
      `${source.name} holds none of the tensors wanted, but ${head.header.entries.length} others.`,
      "The file does not belong to this model: check where it comes from.",
    );
  }
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
    precision: "stored",
    rounding: null,
    createdAtMs: tools.nowMs(),
    complete: false,
  };
  await putWeights(db, record);
  return { record, from: withHead(source, head.bytes) };
}

/** Fetches missing chunks, checks stored ones, and hashes all of them in order. */
async function fillChunks(
  db: Database,
  tools: KeepingTools,
  job: WeightsJob,
  record: WeightsRecord,
  source: StreamSource,
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
    if (job.signal?.aborted) throw stopped(record);
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
  return hash ? bytesToHex(hash.digest()) : null;
}

const damagedChunk = ({ key, chunks }: WeightsRecord, index: number) =>
  new StudioError(
    "CHECKSUM_MISMATCH",
    `Part ${index + 1} of ${chunks.length} of ${key} was damaged in this browser's storage.`,
    "It is fetched again.",
  );

/** The first chunk that is damaged or gone; undefined when all are sound. */
async function firstUnsound(db: Database, record: WeightsRecord): Promise<number | undefined> {
  for (const index of record.chunks.keys()) {
    if (typeof (await readWeightChunk(db, record, index)) === "string") return index;
  }
  return undefined;
}

const stopped = (record: WeightsRecord) =>
  new StudioError(
    "CANCELLED",
    `Keeping ${weightsLabel(record)} was stopped.`,
    "Start it again to go on where it stopped.",
  );

/** Rounds to float16 where that is wanted. Weights out of its range stay as they are, with a warning. */
async function roundIfWanted(db: Database, job: WeightsJob, record: WeightsRecord) {
  if (!job.options.float16) return record;
  try {
    return await convertToFloat16(db, record.key);
  } catch (error) {
    if (!(error instanceof StudioError) || error.code !== "OUT_OF_RANGE") throw error;
    warn(job, error);
    return record;
  }
}

/**
 * Stores a file of weights, chunk by chunk, checked, and rounded where wanted. After an interruption a second call
 * fetches the missing chunks.
 * @throws StudioError CHECKSUM_MISMATCH (nothing of the file is kept then), BAD_SAFETENSORS, PARAM_MISSING when none
 * of its tensors is needed, QUOTA_EXCEEDED, CANCELLED, whatever the source throws
 */
export async function keepWeights(
  db: Database,
  tools: KeepingTools,
  job: WeightsJob,
  facts: KnownFacts,
  source: StreamSource,
): Promise<WeightsRecord> {
  const known = await usableRecord(db, job, facts);
  const { record, from } = known
    ? { record: known, from: source }
    : await beginRecord(db, tools, job, facts, source);
  if (record.precision === "float16") return record;
  const found = await fillChunks(db, tools, job, record, from);
  if (found !== null && record.sha256 !== null && found !== record.sha256) {
    await deleteWeights(db, record.key);
    throw mismatch(record, found);
  }
  const verified = facts.verified ?? (found !== null && record.sha256 !== null);
  const complete = { ...record, verified, complete: true };
  await putWeights(db, complete);
  return roundIfWanted(db, job, complete);
}
