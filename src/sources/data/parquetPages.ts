import type { ColumnMetaData, Encoding, PageHeader } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { deltaBinaryUnpack } from "hyparquet/src/delta.js";

/**
 * Checks the pages of a column before the library reads them: it trusts their headers. A missing length makes it read
 * for ever, and a run's length or a count is allocated before it is compared with anything.
 */

/** What is known of a column chunk from the file's index. */
export interface CheckedColumn {
  readonly meta: ColumnMetaData;
  /** Levels of nesting: 0 where no value can be missing. */
  readonly maxDefinition: number;
  /** 0 where no value is a list's. */
  readonly maxRepetition: number;
  /** Unpacks a page; throws where it cannot. */
  readonly unpack: (bytes: Uint8Array, length: number) => Uint8Array;
}

/** Values of one column in one row group: they are held as objects, all at once. */
const MAX_VALUES = 2 ** 21;
/** Pages of one column, unpacked. */
const MAX_COLUMN_BYTES = 2 ** 30;
/** Values a bit-packed run may hold past the last one: writers fill up their groups. */
const MAX_PADDING = 512;
/** Sizes of blocks of deltas; writers take 128 values and 4 parts. */
const MAX_DELTA_BLOCK = 2 ** 16;
const MAX_DELTA_PARTS = 2 ** 10;

/** Bytes of text that a page may repeat from one value to the next. */
const MAX_REPEATED_BYTES = 2 ** 26;

class PageError extends Error {}

const isCount = (value: unknown, most: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;

function count(what: string, value: unknown, most: number): number {
  if (isCount(value, most)) return value;
  const text = typeof value === "number" ? String(value) : "no number";
  throw new PageError(`a page's ${what} is ${text}, expected 0 to ${most}`);
}

/** An unsigned number of at most five bytes, and where it ends. */
function varint(bytes: Uint8Array, from: number): readonly [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) throw new PageError("a page ends within a number");
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [value, from + i + 1];
  }
  throw new PageError("a number of a page has more than five bytes");
}

/** Runs of a hybrid of run lengths and packed bits; those behind the last value are not looked at. */
function checkRuns(bytes: Uint8Array, width: number, values: number): void {
  let seen = 0;
  for (let at = 0; seen < values && at < bytes.length;) {
    const [header, next] = varint(bytes, at);
    const packed = header % 2 === 1;
    const half = Math.floor(header / 2);
    const length = packed ? half * 8 : half;
    if (seen + length > values + (packed ? MAX_PADDING : 0)) {
      throw new PageError(`a run of ${length} values stands where ${values - seen} are left`);
    }
    seen += length;
    at = next + (packed ? half * width : Math.ceil(width / 8));
  }
}

const bitsFor = (level: number): number => 32 - Math.clz32(level);

/** Levels with their length before them. @returns what follows them */
function checkLevels(bytes: Uint8Array, level: number, values: number): Uint8Array {
  if (level === 0) return bytes;
  if (bytes.length < 4) throw new PageError("a page ends before its levels");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = count("length of levels", view.getUint32(0, true), bytes.length - 4);
  checkRuns(bytes.subarray(4, 4 + length), bitsFor(level), values);
  return bytes.subarray(4 + length);
}

/** @returns how many deltas there are */
function checkDeltas(bytes: Uint8Array, values: number): number {
  const [block, partsAt] = varint(bytes, 0);
  const [parts, totalAt] = varint(bytes, partsAt);
  const [total] = varint(bytes, totalAt);
  count("block of deltas", block, MAX_DELTA_BLOCK);
  if (count("parts of a block", parts, MAX_DELTA_PARTS) === 0) {
    throw new PageError("a block of deltas has no parts");
  }
  return count("number of deltas", total, values);
}

/** Texts of which each may repeat the beginning of the one before: their lengths are added up before any is made. */
function checkPrefixes(bytes: Uint8Array, values: number): void {
  const total = checkDeltas(bytes, values);
  const prefixes = new Int32Array(total);
  const reader = {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: 0,
  };
  deltaBinaryUnpack(reader, total, prefixes);
  const sum = prefixes.reduce((all, length) => all + Math.abs(length), 0);
  count("repeated bytes", sum, MAX_REPEATED_BYTES);
  checkDeltas(bytes.subarray(reader.offset), values);
}

/** The values of a page, levels apart. @param values at most; fewer where some are missing */
function checkValues(
  bytes: Uint8Array,
  encoding: Encoding | undefined,
  values: number,
  { meta }: CheckedColumn,
): void {
  switch (encoding) {
    case "PLAIN":
      return; // each value is read from its own bytes
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY": {
      const [width = 0] = bytes;
      checkRuns(bytes.subarray(1), count("width in bits", width, 32), values);
      return;
    }
    case "RLE":
      if (meta.type !== "BOOLEAN") throw new PageError(`its ${meta.type} values are run lengths`);
      checkRuns(bytes.subarray(4), 1, values);
      return;
    case "DELTA_BINARY_PACKED":
    case "DELTA_LENGTH_BYTE_ARRAY":
      if (bytes.length > 0) checkDeltas(bytes, values);
      return;
    case "DELTA_BYTE_ARRAY":
      if (bytes.length > 0) checkPrefixes(bytes, values);
      return;
    case "BYTE_STREAM_SPLIT":
      if (bytes.length > 8 * values) throw new PageError("its split streams are too long");
      return;
    default:
      throw new PageError(`its encoding ${encoding ?? "of no name"} is not read`);
  }
}

function checkDataPage(bytes: Uint8Array, header: PageHeader, column: CheckedColumn, left: number) {
  const { data_page_header: data } = header;
  if (!data) throw new PageError("a page has no header of its data");
  const values = count("number of values", data.num_values, left);
  const page = column.unpack(bytes, header.uncompressed_page_size);
  const definitions = checkLevels(page, column.maxRepetition, values);
  const rest = checkLevels(definitions, column.maxDefinition, values);
  checkValues(rest, data.encoding, values, column);
  return values;
}

function checkDataPageV2(
  bytes: Uint8Array,
  header: PageHeader,
  column: CheckedColumn,
  left: number,
) {
  const { data_page_header_v2: data } = header;
  if (!data) throw new PageError("a page has no header of its data");
  const values = count("number of values", data.num_values, left);
  count("number of missing values", data.num_nulls, values);
  count("number of rows", data.num_rows, values);
  const size = Math.min(bytes.length, header.uncompressed_page_size);
  const repetition = count("length of levels", data.repetition_levels_byte_length, size);
  const definition = count(
    "length of levels",
    data.definition_levels_byte_length,
    size - repetition,
  );
  const levels = repetition + definition;
  if (column.maxRepetition > 0) {
    checkRuns(bytes.subarray(0, repetition), bitsFor(column.maxRepetition), values);
  }
  if (column.maxDefinition > 0) {
    checkRuns(bytes.subarray(repetition, levels), bitsFor(column.maxDefinition), values);
  }
  const packed = bytes.subarray(levels);
  const length = header.uncompressed_page_size - levels;
  const isPacked = data.is_compressed !== false && length > 0;
  checkValues(isPacked ? column.unpack(packed, length) : packed, data.encoding, values, column);
  return values;
}

/** @returns how many values of the column the page holds */
function checkPage(
  bytes: Uint8Array,
  header: PageHeader,
  column: CheckedColumn,
  left: number,
): number {
  switch (header.type) {
    case "DATA_PAGE":
      return checkDataPage(bytes, header, column, left);
    case "DATA_PAGE_V2":
      return checkDataPageV2(bytes, header, column, left);
    case "DICTIONARY_PAGE": {
      const values = count(
        "number of values",
        header.dictionary_page_header?.num_values,
        MAX_VALUES,
      );
      const page = column.unpack(bytes, header.uncompressed_page_size);
      // each value takes a bit at least, text four bytes
      if (values > 8 * page.length) throw new PageError(`${values} values in ${page.length} bytes`);
      return 0;
    }
    default:
      throw new PageError(`it has a page of type ${header.type}`);
  }
}

/**
 * @param bytes the whole column chunk: its pages, one after the other
 * @throws Error that says what is wrong with a page
 */
export function checkPages(bytes: Uint8Array, column: CheckedColumn): void {
  const values = count("number of values", Number(column.meta.num_values), MAX_VALUES);
  const reader = {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: 0,
  };
  let [seen, unpacked] = [0, 0];
  while (seen < values && reader.offset < bytes.length - 1) {
    const header = parquetHeader(reader);
    const end =
      reader.offset + count("size", header.compressed_page_size, bytes.length - reader.offset);
    unpacked += count("size", header.uncompressed_page_size, MAX_COLUMN_BYTES - unpacked);
    seen += checkPage(bytes.subarray(reader.offset, end), header, column, values - seen);
    reader.offset = end;
  }
  if (seen < values) throw new PageError(`its pages hold ${seen} of ${values} values`);
}
