import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { hubFileKey, type HubFile } from "../../common/catalogue/hubFile";
import { weightsMissing } from "../../engine/encoders/modelSources";
import { StudioError } from "../../common/errors/studioError";
import { blobStream } from "../../common/formats/byteRange";
import { readHead } from "../../common/formats/chunkPlan";
import type { TensorSource } from "../../common/formats/tensorSource";
import { fileFacts, hubSource, type HubTools } from "../../sources/hub/hubClient";
import type { Database, WeightsRecord } from "../../common/storage/db";
import { getWeights, openStoredWeights } from "../../common/storage/weights";
import { keepWeights, warn, type KeepingTools, type WeightsJob } from "./keepWeights";

/**
 * Downloads a file of weights from the hub into storage. Chunks that are stored are kept: after a broken connection, a
 * stop or a reload a second call downloads the rest. A complete file is only checked.
 * @throws StudioError DOWNLOAD_FAILED, CANCELLED and what `keepWeights` throws
 */
export async function downloadWeights(
  tools: HubTools & KeepingTools,
  db: Database,
  job: WeightsJob,
): Promise<WeightsRecord> {
  const telling: HubTools = { ...tools, onRetry: (why) => warn(job, why) };
  const facts = await fileFacts(telling, job.file, job.signal);
  return keepWeights(db, tools, job, facts, hubSource(telling, job.file, facts, job.signal));
}

/**
 * Stores a safetensors file of the user as if it had been downloaded as `job.file`. Its header, its size and, where
 * one is known, its checksum are checked before anything is kept.
 * @param knownSha256 of the hub's file, hex; null when unknown: the weights then count as not verified
 * @throws StudioError CHECKSUM_MISMATCH, PERMISSION_DENIED when the file cannot be read any more, and what
 * `keepWeights` throws
 */
export async function importWeightsFile(
  tools: KeepingTools,
  db: Database,
  job: WeightsJob,
  given: { readonly name: string; readonly blob: Blob; readonly knownSha256: string | null },
): Promise<WeightsRecord> {
  const source = blobStream(given.name, given.blob);
  await readHead(source);
  job.onEvent({ type: "checking", key: hubFileKey(job.file) });
  const hash = sha256.create();
  for await (const piece of source.read({ first: 0, end: source.bytes })) hash.update(piece);
  const found = bytesToHex(hash.digest());
  if (given.knownSha256 !== null && given.knownSha256 !== found) {
    throw new StudioError(
      "CHECKSUM_MISMATCH",
      `"${given.name}" has the SHA-256 ${found}; that of ${hubFileKey(job.file)} is ${given.knownSha256}.`,
      "It is not the file of the hub, or was not downloaded whole; nothing of it is kept.",
    );
  }
  const verified = given.knownSha256 !== null;
  const facts = { bytes: source.bytes, sha256: found, commit: null, verified };
  return keepWeights(db, tools, job, facts, source);
}

/** The record of the first of `files` that is complete in storage. @param files in order of preference */
export async function completeWeights(
  db: Database,
  files: readonly HubFile[],
): Promise<WeightsRecord | undefined> {
  for (const file of files) {
    const record = await getWeights(db, hubFileKey(file));
    if (record?.complete) return record;
  }
  return undefined;
}

/** Its tensors. @throws StudioError WEIGHTS_MISSING naming the preferred file */
export async function openWeights(db: Database, files: readonly HubFile[]): Promise<TensorSource> {
  const record = await completeWeights(db, files);
  if (!record) throw weightsMissing(files);
  return openStoredWeights(db, record.key);
}
