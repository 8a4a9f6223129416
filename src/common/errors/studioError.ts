/** Every failure the studio can name. A code is stable: tests, the store and the docs refer to it. */
export type StudioErrorCode =
  // numbers and parameters
  | "SHAPE_MISMATCH"
  | "PARAM_MISSING"
  | "NONFINITE_LOSS"
  | "OUT_OF_RANGE"
  // untrusted bytes
  | "BAD_SAFETENSORS"
  | "BAD_IMAGE"
  | "BAD_ARCHIVE"
  | "BAD_PARQUET"
  | "BAD_DATASET"
  | "BAD_LINK"
  | "BAD_CONFIG"
  | "BAD_RESULTS"
  | "BAD_CHECKPOINT"
  | "CHECKSUM_MISMATCH"
  // the machine
  | "NO_WEBGPU"
  | "BACKEND_FAILED"
  | "FEATURE_MISSING"
  | "GPU_ERROR"
  | "DEVICE_LOST"
  | "OUT_OF_MEMORY"
  | "WORKER_FAILED"
  // storage and network
  | "STORAGE_UNAVAILABLE"
  | "STORAGE_FAILED"
  /** Another tab keeps the database from being opened. */
  | "STORAGE_BLOCKED"
  /** A newer version of the studio wrote the database. */
  | "STORAGE_OUTDATED"
  /** The database was closed under whoever used it. */
  | "STORAGE_CLOSED"
  /** The browser deleted all that was stored: it found it damaged. */
  | "STORAGE_LOST"
  | "QUOTA_EXCEEDED"
  | "CACHE_MISSING"
  | "WEIGHTS_MISSING"
  | "DATASET_MISSING"
  | "PERMISSION_DENIED"
  | "DOWNLOAD_FAILED"
  | "CANCELLED"
  | "INTERNAL";

/** A failure: what happened, with the values, and what the user can do about it. */
export class StudioError extends Error {
  override readonly name = "StudioError";
  constructor(
    readonly code: StudioErrorCode,
    message: string,
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A StudioError as plain data, for messages between workers and for storage. */
export interface Failure {
  readonly code: StudioErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** Turns anything thrown into a Failure; an unforeseen error keeps its own message under INTERNAL. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof StudioError) {
    return { code: thrown.code, message: thrown.message, hint: thrown.hint };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: "INTERNAL",
    message,
    hint: "Reload the page; the run resumes from its last checkpoint. If it happens again, please report it.",
  };
}

/** The way back: a Failure received from a worker becomes an error that can be thrown and shown. */
export const fromFailure = (failure: Failure): StudioError =>
  new StudioError(failure.code, failure.message, failure.hint);
