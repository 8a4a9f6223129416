import { z } from "zod";
import { StudioError } from "../errors/studioError";
import { doubledKeys } from "./jsonKeys";

/** Arrays by element type. F16 and BF16 stay raw bits (see math/half); BOOL is one byte a value. */
interface ArrayByDtype {
  F64: Float64Array;
  F32: Float32Array;
  F16: Uint16Array;
  BF16: Uint16Array;
  I64: BigInt64Array;
  I32: Int32Array;
  U8: Uint8Array;
  BOOL: Uint8Array;
}
export type SafetensorsDtype = keyof ArrayByDtype;

/** One stored tensor, row-major. `data` has as many elements as the product of `shape`. */
export type SafetensorsTensor = {
  [D in SafetensorsDtype]: {
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: ArrayByDtype[D];
  };
}[SafetensorsDtype];

export interface SafetensorsFile {
  /** In the order of their bytes. A Map, because names are untrusted (`__proto__` is a legal one). */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** Those of types that are not read, which only matters when one of them is wanted. */
  readonly foreign: readonly ForeignTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** A tensor of a type that the format has and the studio does not read. */
export interface ForeignTensor {
  readonly name: string;
  readonly dtype: string;
}

const DTYPES = ["F64", "F32", "F16", "BF16", "I64", "I32", "U8", "BOOL"] as const;
const ELEMENT_BYTES: Readonly<Record<SafetensorsDtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U8: 1,
  BOOL: 1,
};
/** Bytes of an element of the format's other types; of packed ones, and those it may get, none is known. */
const FOREIGN_BYTES: ReadonlyMap<string, number> = new Map([
  ...["I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"].map((dtype) => [dtype, 1] as const),
  ...["I16", "U16"].map((dtype) => [dtype, 2] as const),
  ["U32", 4],
  ...["U64", "C64"].map((dtype) => [dtype, 8] as const),
]);
const METADATA_KEY = "__metadata__";
/** Characters of a name or a list that a message repeats. */
const MAX_SAID = 120;
const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
/** The format's own limit; a longer header is an attack or another kind of file. */
const MAX_HEADER_BYTES = 100_000_000;

const Count = z.int().min(0);
const TensorInfo = z.strictObject({
  dtype: z.string().regex(/^[A-Z][A-Z0-9_]{0,15}$/),
  shape: z.array(Count),
  data_offsets: z.tuple([Count, Count]),
});
const Metadata = z.record(z.string(), z.unknown()).nullable();

/** Where a tensor lies: `begin` to `end` are bytes counted from the end of the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The header of a file. */
export interface SafetensorsHeader {
  /** In the order of their bytes. */
  readonly entries: readonly SafetensorsEntry[];
  readonly foreign: readonly ForeignTensor[];
  readonly metadata: Readonly<Record<string, string>>;
  /** What is unusual about it and did not matter, in sentences. */
  readonly problems: readonly string[];
  /** Where the first tensor starts, bytes from the start of the file. */
  readonly dataStart: number;
}

const bad = (message: string, cause?: unknown) =>
  new StudioError(
    "BAD_SAFETENSORS",
    message,
    "Export or download the file again and check its size; only unmodified safetensors files are read.",
    cause === undefined ? undefined : { cause },
  );

/**
 * Bytes before the first tensor (the length and the JSON header), from a file's first 8 bytes; checked against the
 * format's limit and the file's size before anything more is read.
 * @param fileBytes size of the whole file
 * @throws StudioError BAD_SAFETENSORS
 */
export function safetensorsHeaderEnd(start: Uint8Array, fileBytes: number): number {
  if (start.byteLength < LENGTH_BYTES || fileBytes < LENGTH_BYTES) {
    const bytes = Math.min(start.byteLength, fileBytes);
    throw bad(
      `The file has ${bytes} bytes; a safetensors file starts with an 8-byte length, so ${LENGTH_BYTES - bytes} are missing.`,
    );
  }
  const stated = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (stated > BigInt(MAX_HEADER_BYTES)) {
    throw bad(
      `The header claims ${stated.toString()} bytes; at most ${MAX_HEADER_BYTES} are allowed.`,
    );
  }
  const length = Number(stated);
  const missing = LENGTH_BYTES + length - fileBytes;
  if (missing > 0) {
    throw bad(
      `The header claims ${length} bytes, but the file has ${fileBytes}: ${missing} bytes are missing.`,
    );
  }
  return LENGTH_BYTES + length;
}

/** A name as a message repeats it: an untrusted one may have millions of characters. */
const said = (text: string): string =>
  text.length > MAX_SAID ? `${text.slice(0, MAX_SAID)}… (${text.length} characters)` : text;

function parseJsonObject(bytes: Uint8Array): object {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (error) {
    throw bad(`The header of ${bytes.byteLength} bytes is not JSON.`, error);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw bad("The header is JSON, but not an object of tensors.");
  }
  const [doubled] = doubledKeys(text);
  if (doubled !== undefined) throw bad(`The header names "${said(doubled)}" twice.`);
  return json;
}

const issuesOf = (error: z.ZodError) =>
  said(error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));

/** An entry as it lies in the file, of whatever type. */
type PlacedTensor = Omit<SafetensorsEntry, "dtype"> & { readonly dtype: string };

const isRead = (dtype: string): dtype is SafetensorsDtype => DTYPES.some((read) => read === dtype);
const isReadEntry = (entry: PlacedTensor): entry is SafetensorsEntry => isRead(entry.dtype);

function parseEntry(name: string, value: unknown): PlacedTensor {
  const parsed = TensorInfo.safeParse(value);
  if (!parsed.success) {
    throw bad(`Tensor "${said(name)}": ${issuesOf(parsed.error)}.`, parsed.error);
  }
  const { dtype, shape, data_offsets: offsets } = parsed.data;
  const [begin, end] = offsets;
  const elementBytes = isRead(dtype) ? ELEMENT_BYTES[dtype] : FOREIGN_BYTES.get(dtype);
  // a product past 2^53 is inexact but then also far from any real byte count, so it is refused all the same
  const needed = shape.reduce((product, size) => product * size, 1) * (elementBytes ?? NaN);
  if (elementBytes !== undefined && needed !== end - begin) {
    throw bad(
      `Tensor "${said(name)}": ${dtype} of shape [${said(shape.join(", "))}] needs ${needed} bytes, but its offsets ${begin} to ${end} hold ${end - begin}.`,
    );
  }
  if (end < begin)
    throw bad(`Tensor "${said(name)}" ends at byte ${end}, before it begins (${begin}).`);
  return { name, dtype, shape, begin, end };
}

/** Metadata as the format wants them, text by text: some writers put numbers or nothing there. */
function parseMetadata(value: unknown): [Record<string, string>, string[]] {
  const parsed = Metadata.safeParse(value);
  if (!parsed.success) throw bad(`${METADATA_KEY}: ${issuesOf(parsed.error)}.`, parsed.error);
  const given = Object.entries(parsed.data ?? {});
  const others = given.filter(([, text]) => typeof text !== "string").map(([key]) => said(key));
  const metadata = Object.fromEntries(
    given.map(([key, text]) => [key, typeof text === "string" ? text : JSON.stringify(text)]),
  );
  const problems = [
    ...(parsed.data === null ? [`${METADATA_KEY} is null; it should be left out.`] : []),
    ...(others.length > 0
      ? [`${METADATA_KEY} should hold texts alone; taken as text: ${said(others.join(", "))}.`]
      : []),
  ];
  return [metadata, problems];
}

/** The format leaves no gap and no overlap: sorted tensors must tile the data section exactly. */
function assertTiled(entries: readonly PlacedTensor[], dataBytes: number) {
  let cursor = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== cursor) {
      const what = begin < cursor ? "overlaps the tensor before it" : "leaves a gap";
      throw bad(`Tensor "${said(name)}" ${what}: it starts at byte ${begin}, expected ${cursor}.`);
    }
    if (end > dataBytes) {
      const total = entries.at(-1)?.end ?? end;
      throw bad(
        `Tensor "${said(name)}" ends at byte ${end} of the data, but the file holds ${dataBytes}: ${total - dataBytes} bytes are missing in all.`,
      );
    }
    cursor = end;
  }
  if (cursor !== dataBytes) {
    throw bad(`The tensors end at byte ${cursor}, but ${dataBytes - cursor} bytes follow.`);
  }
}

/**
 * A tensor from its own bytes: a view where the element size divides their address, else a copy.
 * @throws StudioError BAD_SAFETENSORS when there are not as many bytes as the entry says
 */
export function tensorFromBytes(entry: SafetensorsEntry, bytes: Uint8Array): SafetensorsTensor {
  const { dtype, shape } = entry;
  const needed = entry.end - entry.begin;
  if (bytes.byteLength !== needed) {
    throw bad(`Tensor "${entry.name}" has ${bytes.byteLength} bytes instead of ${needed}.`);
  }
  const elementBytes = ELEMENT_BYTES[dtype];
  const count = needed / elementBytes;
  // not slice: that of Node's Buffer, a Uint8Array too, does not copy
  const { buffer, byteOffset: at } =
    bytes.byteOffset % elementBytes === 0 ? bytes : new Uint8Array(bytes);
  switch (dtype) {
    case "F64":
      return { dtype, shape, data: new Float64Array(buffer, at, count) };
    case "F32":
      return { dtype, shape, data: new Float32Array(buffer, at, count) };
    case "F16":
    case "BF16":
      return { dtype, shape, data: new Uint16Array(buffer, at, count) };
    case "I64":
      return { dtype, shape, data: new BigInt64Array(buffer, at, count) };
    case "I32":
      return { dtype, shape, data: new Int32Array(buffer, at, count) };
    case "U8":
    case "BOOL":
      return { dtype, shape, data: new Uint8Array(buffer, at, count) };
  }
}

/**
 * Reads a file's header; shapes and offsets are checked against the file's size before they are used.
 * @param head the file's first bytes, at least to the end of its header (`safetensorsHeaderEnd`)
 * @param fileBytes size of the whole file
 * @throws StudioError BAD_SAFETENSORS naming the tensor and the numbers (of a truncated file: how many bytes are
 * missing)
 * @source huggingface/safetensors, README "Format"
 */
export function parseSafetensorsHeader(head: Uint8Array, fileBytes: number): SafetensorsHeader {
  const dataStart = safetensorsHeaderEnd(head, fileBytes);
  const header = parseJsonObject(head.subarray(LENGTH_BYTES, dataStart));
  const placed: PlacedTensor[] = [];
  let [metadata, problems]: [Record<string, string>, string[]] = [{}, []];
  const entries: [string, unknown][] = Object.entries(header);
  for (const [name, value] of entries) {
    if (name === METADATA_KEY) [metadata, problems] = parseMetadata(value);
    else placed.push(parseEntry(name, value));
  }
  placed.sort((a, b) => a.begin - b.begin || a.end - b.end);
  assertTiled(placed, fileBytes - dataStart);
  const foreign = placed.filter((entry) => !isReadEntry(entry));
  return {
    entries: placed.filter(isReadEntry),
    foreign: foreign.map(({ name, dtype }) => ({ name, dtype })),
    metadata,
    problems: [...problems, ...foreignProblem(foreign)],
    dataStart,
  };
}

function foreignProblem(foreign: readonly ForeignTensor[]): string[] {
  const [first] = foreign;
  if (!first) return [];
  const dtypes = [...new Set(foreign.map(({ dtype }) => dtype))].join(", ");
  return [
    `Types that are not read: ${dtypes} (${foreign.length} of the tensors, the first "${said(first.name)}").`,
  ];
}

/** Asked for a tensor whose type is not read. */
export const foreignWanted = ({ name, dtype }: ForeignTensor): StudioError =>
  new StudioError(
    "BAD_SAFETENSORS",
    `Tensor "${said(name)}" is ${dtype}, which is not read.`,
    `Convert it to one of ${DTYPES.join(", ")}.`,
  );

/**
 * Reads a whole safetensors file; tensors are views of `bytes` where alignment allows, so keep `bytes` unchanged
 * while they are in use.
 * @throws StudioError BAD_SAFETENSORS, before any tensor is made
 */
export function parseSafetensors(file: ArrayBuffer | Uint8Array): SafetensorsFile {
  const bytes = file instanceof Uint8Array ? file : new Uint8Array(file);
  const header = parseSafetensorsHeader(bytes, bytes.byteLength);
  const { entries, foreign, metadata, dataStart } = header;
  const tensors = new Map(
    entries.map((entry) => {
      const own = bytes.subarray(dataStart + entry.begin, dataStart + entry.end);
      return [entry.name, tensorFromBytes(entry, own)];
    }),
  );
  return { tensors, foreign, metadata };
}

type TensorMap = ReadonlyMap<string, SafetensorsTensor>;
type TensorRecord = Readonly<Record<string, SafetensorsTensor>>;
// `instanceof Map` alone does not narrow a ReadonlyMap
const isMap = (tensors: TensorMap | TensorRecord): tensors is TensorMap => tensors instanceof Map;

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const notEncodable = (name: string, shape: readonly number[], elements: number) =>
  new StudioError(
    "SHAPE_MISMATCH",
    `Tensor "${name}" has shape [${shape.join(", ")}] and ${elements} elements, so it cannot be written.`,
    `Give it as many elements as its shape says, and a name other than ${METADATA_KEY}.`,
  );

const countOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** A safetensors file whose tensors are still to be written, one by one. */
export interface EmptySafetensors {
  readonly file: ArrayBuffer;
  /** Copies a tensor's elements to their place. @throws StudioError SHAPE_MISMATCH when there are more or fewer */
  readonly write: (name: string, data: SafetensorsTensor["data"]) => void;
}

/**
 * The file of tensors of these shapes, header and all, so that a large one is held once and not beside its tensors.
 * Equal input gives equal bytes. Tensors are ordered by element size, largest first, then by name, and the header is
 * padded to 8 bytes, so every tensor is aligned for a view.
 * @throws StudioError SHAPE_MISMATCH for a name the format uses itself
 */
export function emptySafetensors(
  tensors: readonly (readonly [name: string, tensor: Pick<SafetensorsTensor, "dtype" | "shape">])[],
  metadata: Readonly<Record<string, string>> = {},
): EmptySafetensors {
  const entries = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      ELEMENT_BYTES[b.dtype] - ELEMENT_BYTES[a.dtype] || compareText(nameA, nameB),
  );
  const fields: [string, unknown][] = [];
  const metadataEntries = Object.entries(metadata).sort(([a], [b]) => compareText(a, b));
  if (metadataEntries.length > 0) fields.push([METADATA_KEY, Object.fromEntries(metadataEntries)]);
  const places = new Map<string, { begin: number; end: number; shape: readonly number[] }>();
  let cursor = 0;
  for (const [name, { dtype, shape }] of entries) {
    if (name === METADATA_KEY) throw notEncodable(name, shape, countOf(shape));
    const end = cursor + countOf(shape) * ELEMENT_BYTES[dtype];
    fields.push([name, { dtype, shape, data_offsets: [cursor, end] }]);
    places.set(name, { begin: cursor, end, shape });
    cursor = end;
  }
  // written by hand: an object literal would reorder integer-like names and swallow "__proto__"
  const json = fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${json.join(",")}}`);
  const headerBytes = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const dataStart = LENGTH_BYTES + headerBytes;

  const out = new Uint8Array(dataStart + cursor);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerBytes), true);
  out.set(text, LENGTH_BYTES);
  out.fill(0x20, LENGTH_BYTES + text.length, dataStart);
  return {
    file: out.buffer,
    write: (name, data) => {
      const { begin, end, shape } = places.get(name) ?? { begin: 0, end: -1, shape: [] };
      if (data.byteLength !== end - begin) throw notEncodable(name, shape, data.length);
      out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), dataStart + begin);
    },
  };
}

/**
 * Writes a safetensors file of tensors that are all there, as `emptySafetensors` lays it out.
 * @throws StudioError SHAPE_MISMATCH when a tensor's shape and element count differ
 */
export function encodeSafetensors(
  tensors: TensorMap | TensorRecord,
  metadata: Readonly<Record<string, string>> = {},
): ArrayBuffer {
  const entries = isMap(tensors) ? [...tensors] : Object.entries(tensors);
  const { file, write } = emptySafetensors(entries, metadata);
  for (const [name, { data }] of entries) write(name, data);
  return file;
}
