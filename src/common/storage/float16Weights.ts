import { StudioError } from "../errors/studioError";
import type { ByteRange } from "../formats/byteRange";
import { CHUNK_BYTES } from "../formats/chunkPlan";
import type { SafetensorsEntry } from "../formats/safetensors";
import type { TensorSource } from "../formats/tensorSource";
import { float32ToHalf, halfToFloat32 } from "../math/half";
import type { Database, WeightsRecord } from "./db";
import {
  deleteChunks,
  float16ChunksKey,
  getWeights,
  openStoredWeights,
  replaceWeights,
  writeWeightChunk,
} from "./weights";

/** Sums over all values rounded so far. */
interface RoundingError {
  readonly squares: number;
  readonly squaredErrors: number;
  readonly largest: number;
}

/** Largest float16; what is beyond, after rounding, would become infinite. */
const LARGEST_HALF = 65504;

function addError(
  sum: RoundingError,
  name: string,
  exact: Float32Array,
  rounded: Float32Array,
): RoundingError {
  let { squares, squaredErrors, largest } = sum;
  for (let i = 0; i < exact.length; i++) {
    const value = exact[i] ?? 0;
    const half = rounded[i] ?? 0;
    if (Number.isFinite(value) && !Number.isFinite(half)) {
      throw new StudioError(
        "OUT_OF_RANGE",
        `"${name}" has the value ${value}, beyond the ${LARGEST_HALF} of float16.`,
        "Keep these weights in the precision they are stored in.",
      );
    }
    // infinities and NaN stay what they are
    if (!Number.isFinite(value)) continue;
    const error = value - half;
    squares += value * value;
    squaredErrors += error * error;
    largest = Math.max(largest, Math.abs(error));
  }
  return { squares, squaredErrors, largest };
}

/** Gathers bytes and writes them as chunks of one length. */
function chunkWriter(db: Database, weightsKey: string) {
  const chunks: ByteRange[] = [];
  const waiting = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  let written = 0;
  const flush = async () => {
    if (filled === 0) return;
    await writeWeightChunk(db, weightsKey, chunks.length, waiting.slice(0, filled));
    chunks.push({ first: written, end: written + filled });
    written += filled;
    filled = 0;
  };
  return {
    chunks,
    position: () => written + filled,
    flush,
    add: async (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.byteLength;) {
        const part = bytes.subarray(at, at + CHUNK_BYTES - filled);
        waiting.set(part, filled);
        filled += part.byteLength;
        at += part.byteLength;
        if (filled === CHUNK_BYTES) await flush();
      }
    },
  };
}

/** Writes float16 chunks and says what the record will be once they count. */
async function roundTensors(
  db: Database,
  record: WeightsRecord,
  source: TensorSource,
): Promise<WeightsRecord> {
  const writer = chunkWriter(db, float16ChunksKey(record.key));
  const tensors: SafetensorsEntry[] = [];
  let sum: RoundingError = { squares: 0, squaredErrors: 0, largest: 0 };
  for (const { name, shape } of record.tensors) {
    const tensor = await source.read(name);
    let { dtype, data }: Pick<typeof tensor, "dtype" | "data"> = tensor;
    if (tensor.dtype === "F32") {
      const half = float32ToHalf(tensor.data);
      sum = addError(sum, name, tensor.data, halfToFloat32(half));
      dtype = "F16";
      data = half;
    }
    const begin = writer.position();
    await writer.add(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    tensors.push({ name, dtype, shape, begin, end: writer.position() });
  }
  await writer.flush();
  const relativeRms = sum.squares === 0 ? 0 : Math.sqrt(sum.squaredErrors / sum.squares);
  return {
    ...record,
    tensors,
    chunks: writer.chunks,
    precision: "float16",
    rounding: { relativeRms, largest: sum.largest },
  };
}

/**
 * Rounds the float32 tensors of stored weights to float16 (to nearest, ties to even), which halves them; other
 * tensors stay. The record and its old chunks stand until the new ones are complete, so a cut loses nothing.
 * @returns the new record, or the old one when it has no float32 tensor
 * @throws StudioError OUT_OF_RANGE naming the tensor, when a value does not fit; WEIGHTS_MISSING, CHECKSUM_MISMATCH
 */
export async function convertToFloat16(db: Database, key: string): Promise<WeightsRecord> {
  const source = await openStoredWeights(db, key);
  const record = await getWeights(db, key);
  if (!record) throw new Error(`${key} was deleted while it was opened`);
  if (!record.tensors.some(({ dtype }) => dtype === "F32")) return record;
  try {
    const converted = await roundTensors(db, record, source);
    await replaceWeights(db, record, converted);
    return converted;
  } catch (error) {
    await deleteChunks(db, float16ChunksKey(key));
    throw error;
  }
}
