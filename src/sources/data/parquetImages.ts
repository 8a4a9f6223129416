import {
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type AsyncBuffer,
  type ColumnMetaData,
  type Compressors,
  type FileMetaData,
} from "hyparquet";
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath } from "hyparquet/src/schema.js";
import { compressors } from "hyparquet-compressors";
import { StudioError } from "../../common/errors/studioError";
import type { ByteSource } from "../../common/formats/byteSource";
import { badImage } from "./imageCodec";
import { tidyClassName } from "./classNames";
import { imageHeader } from "./imageHeader";
import { concatenated, ONE_CLASS, type ImageSource, type SourceImage } from "./imageSource";
import { parquetColumns, type ParquetColumns } from "./parquetColumns";
import { checkPages, type CheckedColumn } from "./parquetPages";
import { zstdSize } from "./zstdSize";

/** A row group is held in memory whole, packed and unpacked. */
const MAX_GROUP_BYTES = 2 ** 30;
/** A decoder's window: below this it is no attack. */
const SMALL_PAGE_BYTES = 2 ** 26;
const MAX_FOOTER_BYTES = 64 * 2 ** 20;
const MAX_ROWS = 10_000_000;
/** Rows of one group are objects, all at once. */
const MAX_GROUP_ROWS = 2 ** 20;
/** Rows that decide whether a column of bytes is one of images. */
const LOOKED_AT = 16;

const badParquet = (name: string, what: string, cause?: unknown) =>
  new StudioError(
    "BAD_PARQUET",
    `${name}: ${what}.`,
    "Download the file again, or choose another data set.",
    { cause },
  );

const bufferOf = (source: ByteSource): AsyncBuffer => ({
  byteLength: source.bytes,
  slice: async (start, end = source.bytes) =>
    new Uint8Array(await source.read(start, Math.min(end, source.bytes))).buffer,
});

type CheckPart = (begin: number, bytes: Uint8Array) => void;

/**
 * Lets the library read parts of the file that were checked. It reads columns side by side and would leave all errors but
 * one unhandled: a part that cannot be had, or is not sound, is empty to it, and the first error is thrown at the end.
 */
async function readingChecked<T>(
  source: ByteSource,
  check: CheckPart,
  work: (file: AsyncBuffer) => Promise<T>,
): Promise<T> {
  const problems: unknown[] = [];
  const whole = bufferOf(source);
  const checked = async (start: number, end?: number) => {
    try {
      const part = await whole.slice(start, end);
      check(start, new Uint8Array(part));
      return part;
    } catch (problem) {
      problems.push(problem);
      return new ArrayBuffer(0);
    }
  };
  const outcome = await work({ byteLength: whole.byteLength, slice: checked }).then(
    (value) => ({ value }),
    (error: unknown) => {
      problems.push(error);
      return null;
    },
  );
  const [problem] = problems;
  if (problem instanceof Error) throw problem;
  if (!outcome) throw new Error(String(problem));
  return outcome.value;
}

/** Runs the library on untrusted bytes: whatever it throws names the file; failures of reading stay what they are. */
async function guarded<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof StudioError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw badParquet(name, `it cannot be read as parquet (${message})`, cause);
  }
}

/** @throws StudioError BAD_PARQUET when the last bytes are not those of a parquet file */
async function checkFooter({ name, bytes, read }: ByteSource): Promise<void> {
  const tail = bytes >= 12 ? await read(bytes - 8, bytes) : new Uint8Array(8);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const footer = view.getUint32(0, true);
  if (new TextDecoder().decode(tail.subarray(4)) !== "PAR1") {
    throw badParquet(name, `it does not end as a parquet file does (${bytes} bytes)`);
  }
  if (footer > Math.min(MAX_FOOTER_BYTES, bytes - 12)) {
    throw badParquet(name, `its index claims ${footer} of its ${bytes} bytes`);
  }
}

interface RowGroupPlace {
  readonly first: number;
  readonly rows: number;
}

/** Where the groups' rows lie. @throws StudioError BAD_PARQUET when one would not fit in memory */
function rowGroups(name: string, metadata: FileMetaData, columns: ParquetColumns): RowGroupPlace[] {
  let first = 0;
  return metadata.row_groups.map((group, index) => {
    const rows = Number(group.num_rows);
    const parts = group.columns.filter(
      ({ meta_data: part }) =>
        part?.path_in_schema[0] === columns.image || part?.path_in_schema[0] === columns.label,
    );
    const bytes = parts.reduce(
      (sum, { meta_data: part }) => sum + Number(part?.total_uncompressed_size ?? 0),
      0,
    );
    const whole =
      Number.isSafeInteger(rows) && rows >= 0 && rows <= MAX_GROUP_ROWS && first + rows <= MAX_ROWS;
    if (!whole || bytes > MAX_GROUP_BYTES) {
      throw badParquet(
        name,
        `row group ${index} claims ${rows} rows and ${bytes} bytes; at most ${MAX_GROUP_ROWS} and ${MAX_GROUP_BYTES} are read`,
      );
    }
    const place = { first, rows };
    first += rows;
    return place;
  });
}

/** The library's decompressors with a limit on the size of a page. */
const boundedCompressors: Compressors = Object.fromEntries(
  Object.entries(compressors).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, outputLength: number) => {
      if (outputLength > MAX_GROUP_BYTES) {
        throw new RangeError(`a page claims ${outputLength} bytes`);
      }
      // this codec's decoder takes no length, but believes what the data claim
      if (codec === "ZSTD" && zstdSize(input) > Math.max(4 * outputLength, SMALL_PAGE_BYTES)) {
        throw new RangeError(`a page of ${outputLength} bytes unpacks to ${zstdSize(input)}`);
      }
      return decompress(input, outputLength);
    },
  ]),
);

function bytesOfCell(cell: unknown): Uint8Array | undefined {
  if (cell instanceof Uint8Array) return cell;
  if (typeof cell === "object" && cell !== null && "bytes" in cell) return bytesOfCell(cell.bytes);
  return undefined;
}

/** Longer text is no name of a class: names are held, listed and stored as often as there are classes. */
const MAX_CLASS_CHARS = 500;

/** What the hub, and many others, write where a row has no label. */
const NO_LABEL = -1;

/** Whether a cell says that its row has no label. */
const isNoLabel = (cell: unknown): boolean =>
  cell === null || cell === undefined || cell === "" || Number(cell) === NO_LABEL;

/** Text that the file does not mark as text is bytes. */
function textOfCell(cell: unknown): unknown {
  return cell instanceof Uint8Array ? new TextDecoder().decode(cell) : cell;
}

function classOfCell(given: unknown, { label, classNames }: ParquetColumns): string | undefined {
  if (label === null) return ONE_CLASS;
  const cell = textOfCell(given);
  if (typeof cell === "string" && cell !== "") {
    return cell.length > MAX_CLASS_CHARS ? undefined : tidyClassName(cell);
  }
  if (typeof cell === "boolean") return String(cell);
  if (typeof cell !== "number" && typeof cell !== "bigint") return undefined;
  const number = Number(cell);
  if (classNames) return classNames[number];
  return Number.isSafeInteger(number) && number >= 0 ? String(number) : undefined;
}

/** Why a row has no class. */
function noClass(cell: unknown, { label, classNames }: ParquetColumns): string {
  if (isNoLabel(cell)) return `it has no label (column "${label ?? ""}")`;
  const named = textOfCell(cell);
  if (typeof named === "string" && named.length > MAX_CLASS_CHARS) {
    return `its class has ${named.length} characters, more than ${MAX_CLASS_CHARS}`;
  }
  const text = String(named).slice(0, 80);
  return classNames
    ? `its class is ${text}, and the file names ${classNames.length}`
    : `its class is ${text}, which is neither a whole number nor text`;
}

/** A row as an image; one without image or class throws when it is read. */
function imageOfRow(
  name: string,
  row: Readonly<Record<string, unknown>>,
  columns: ParquetColumns,
): SourceImage {
  const bytes = bytesOfCell(row[columns.image]);
  const cell = columns.label === null ? null : row[columns.label];
  const className = classOfCell(cell, columns);
  return {
    name,
    className: className ?? "",
    read: () =>
      Promise.resolve().then(() => {
        if (className === undefined) throw badImage(noClass(cell, columns));
        if (!bytes) throw badImage("its row holds no image");
        return bytes;
      }),
  };
}

/** Names, where the file has them; numbers in their order, or names as they are found, where it has not. */
function classOrderOf(metadata: FileMetaData, columns: ParquetColumns): ImageSource["classOrder"] {
  if (columns.classNames) return columns.classNames;
  const label = metadata.schema.find(({ name }) => name === columns.label);
  const isNumber = ["INT32", "INT64", "FLOAT", "DOUBLE"].includes(label?.type ?? "");
  return isNumber ? "byNumber" : "byName";
}

/** Bytes of a page, unpacked. @throws Error for a codec that is not read, or another length */
function unpackWith({ codec }: ColumnMetaData): CheckedColumn["unpack"] {
  return (bytes, length) => {
    if (codec === "UNCOMPRESSED") return bytes;
    const decompress = boundedCompressors[codec];
    if (!decompress) throw new Error(`its compression ${codec} is not read`);
    return decompress(bytes, length);
  };
}

/** Checks every chunk of the needed columns that lies in a part of the file. */
function pageCheck(metadata: FileMetaData, { image, label }: ParquetColumns): CheckPart {
  const tree = parquetSchema(metadata);
  const chunks = metadata.row_groups.flatMap(({ columns }) =>
    columns.flatMap(({ meta_data: meta }) => {
      const column = meta?.path_in_schema[0];
      if (!meta || (column !== image && column !== label)) return [];
      const dictionary = Number(meta.dictionary_page_offset ?? 0);
      const begin = dictionary === 0 ? Number(meta.data_page_offset) : dictionary;
      if (!(begin >= 0)) throw new Error(`a column begins at byte ${begin}`);
      return [{ meta, begin, end: begin + Number(meta.total_compressed_size) }];
    }),
  );
  return (partBegin, bytes) => {
    const partEnd = partBegin + bytes.length;
    for (const { meta, begin, end } of chunks) {
      if (end <= partBegin || begin >= partEnd) continue;
      if (begin < partBegin || end > partEnd) throw new Error("a column lies across two parts");
      const path = getTreePath(tree, meta.path_in_schema);
      checkPages(bytes.subarray(begin - partBegin, end - partBegin), {
        meta,
        maxDefinition: getMaxDefinitionLevel(path),
        maxRepetition: getMaxRepetitionLevel(path),
        unpack: unpackWith(meta),
      });
    }
  };
}

/** Reads columns of some rows. */
type ReadRows = (
  place: RowGroupPlace,
  columns: readonly string[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** Least and greatest label of each row group, where the file says them of all. */
function labelRanges({ row_groups: groups }: FileMetaData, label: string) {
  const ranges = groups.map(({ columns }) => {
    const part = columns.find(({ meta_data: meta }) => meta?.path_in_schema[0] === label);
    const { min_value: least, max_value: most } = part?.meta_data?.statistics ?? {};
    return { least, most };
  });
  return ranges.every(({ least, most }) => least !== undefined && most !== undefined)
    ? ranges
    : undefined;
}

/** Whether no row has a label: by the file's own statistics, else by reading the labels until one is there. */
async function isUnlabelled(
  metadata: FileMetaData,
  label: string,
  groups: readonly RowGroupPlace[],
  read: ReadRows,
): Promise<boolean> {
  const ranges = labelRanges(metadata, label);
  if (ranges) return ranges.every(({ least, most }) => isNoLabel(least) && isNoLabel(most));
  for (const group of groups) {
    const rows = await read(group, [label]);
    if (rows.some((row) => !isNoLabel(textOfCell(row[label])))) return false;
  }
  return true;
}

/**
 * The images of one parquet file, row by row; a row group at a time is read, and of it only two columns.
 * @throws StudioError BAD_PARQUET that says what is wrong with it or which columns it is undecided between
 */
async function parquetFile(source: ByteSource): Promise<ImageSource> {
  const { name, bytes } = source;
  await checkFooter(source);
  const metadata = await guarded(name, () => parquetMetadataAsync(bufferOf(source)));
  const { found, groups, check } = await guarded(name, async () => {
    const columns = await Promise.resolve(parquetColumns(name, metadata));
    const places = rowGroups(name, metadata, columns);
    return { found: columns, groups: places, check: pageCheck(metadata, columns) };
  });
  const read: ReadRows = ({ first, rows }, columns) =>
    guarded(name, () =>
      readingChecked(source, check, (file) =>
        parquetReadObjects({
          file,
          metadata,
          columns: [...columns],
          rowStart: first,
          rowEnd: first + rows,
          compressors: boundedCompressors,
          utf8: false, // plain bytes are images, not text
          geoparquet: false,
        }),
      ),
    );
  const { image, label } = found;
  const firstGroup = groups.find(({ rows }) => rows > 0);
  const unlabelled =
    label !== null && firstGroup && (await isUnlabelled(metadata, label, groups, read));
  const columns: ParquetColumns = unlabelled ? { ...found, label: null, classNames: null } : found;
  return {
    label: name,
    images: groups.reduce((sum, { rows }) => sum + rows, 0),
    bytes,
    classOrder: classOrderOf(metadata, columns),
    fingerprint: `${name} ${bytes}`,
    split: null,
    splits: [],
    notes: unlabelled
      ? [
          `This split has no labels (column "${label}" is -1 or empty in every row): its images are one class.`,
        ]
      : [],
    from: async function* (start) {
      for (const group of groups) {
        if (group.first + group.rows <= start) continue;
        const rows = await read(group, columns.label === null ? [image] : [image, columns.label]);
        if (group === firstGroup) checkFirstRows(name, rows, columns);
        for (let row = Math.max(0, start - group.first); row < rows.length; row++) {
          yield imageOfRow(`${name} row ${group.first + row}`, rows[row] ?? {}, columns);
        }
      }
    },
  };
}

/** A column of bytes is one of images when its first rows are: one may be broken, not all. */
function checkFirstRows(
  name: string,
  rows: readonly Readonly<Record<string, unknown>>[],
  { image }: ParquetColumns,
): void {
  const cells = rows.slice(0, LOOKED_AT).map((row) => bytesOfCell(row[image]));
  if (!cells.some((bytes) => bytes && imageHeader(bytes))) {
    throw badParquet(name, `its column "${image}" holds no images`);
  }
}

/**
 * The images of the parquet files of one split, in the order of their names.
 * @throws StudioError BAD_PARQUET; BAD_DATASET when the files do not belong together
 */
export async function parquetSource(
  label: string,
  files: readonly ByteSource[],
): Promise<ImageSource> {
  const parts: ImageSource[] = [];
  for (const file of files) parts.push(await parquetFile(file));
  return concatenated(label, parts);
}
