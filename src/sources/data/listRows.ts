import { readDelimited } from "./delimited";
import { isSplitName } from "./splits";

/** A list beside images as rows of text, whatever it was written as. */
export interface ListRows {
  /** Names of the columns; null where the rows begin at once or the first row may be one. */
  readonly columns: readonly string[] | null;
  readonly rows: readonly (readonly string[])[];
  /** Of all its images, where the list says so by its own structure. */
  readonly split: string | null;
}

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value);
const cellOf = (value: unknown): string => (isScalar(value) ? String(value) : "");

/** Rows whose keys are looked at for the names of columns: later ones have the same. */
const LOOKED_AT = 100;

/** [{"file": "1.png", "label": "cat"}, ...]: keys that hold text, numbers or truths are columns. */
function ofRecords(items: readonly unknown[], split: string | null): ListRows {
  const records = items.filter(isObject);
  const columns = [
    ...new Set(
      records
        .slice(0, LOOKED_AT)
        .flatMap((record) => Object.keys(record).filter((key) => isScalar(record[key]))),
    ),
  ];
  const rows = records.map((record) => columns.map((key) => cellOf(record[key])));
  return { columns, rows, split };
}

const PAIR = ["file_name", "label"] as const;

/** COCO's layout: an image has the class of its annotations, where they are all of one. */
function ofCoco(images: readonly unknown[], given: JsonObject): ListRows[] {
  const list = (value: unknown) => (Array.isArray(value) ? value.filter(isObject) : []);
  const nameOf = new Map(
    list(given.categories).map(({ id, name }) => [cellOf(id), cellOf(name)] as const),
  );
  const classesOf = new Map<string, Set<string>>();
  for (const { image_id: id, category_id: category } of list(given.annotations)) {
    const key = cellOf(id);
    classesOf.set(key, (classesOf.get(key) ?? new Set()).add(cellOf(category)));
  }
  const rows = images.filter(isObject).map((image) => {
    const found = [...(classesOf.get(cellOf(image.id)) ?? [])];
    const [only = ""] = found.length === 1 ? found : [];
    return [cellOf(image.file_name), nameOf.get(only) ?? only];
  });
  const labelled = rows.filter(([, label]) => label !== "").length;
  // boxes of several kinds in most images: no list of classes
  return labelled * 2 < rows.length ? [] : [{ columns: PAIR, rows, split: null }];
}

const MAX_NESTING = 3;
const WRAPPERS = ["labels", "data", "annotations", "images", "items", "samples", "root"];

function ofJson(value: unknown, split: string | null, depth = 0): ListRows[] {
  if (depth > MAX_NESTING) return [];
  if (Array.isArray(value)) {
    if (value.every(Array.isArray)) {
      return [{ columns: null, rows: value.map((row: unknown[]) => row.map(cellOf)), split }];
    }
    return [ofRecords(value, split)];
  }
  if (!isObject(value)) return [];
  if (Array.isArray(value.images) && Array.isArray(value.annotations)) {
    return ofCoco(value.images, value);
  }
  const entries = Object.entries(value);
  if (entries.length > 0 && entries.every(([key]) => isSplitName(key))) {
    return entries.flatMap(([key, part]) => ofJson(part, key, depth + 1));
  }
  const wrapper = WRAPPERS.find((key) => isObject(value[key]) || Array.isArray(value[key]));
  if (wrapper !== undefined) return ofJson(value[wrapper], split, depth + 1);
  if (entries.every(([, label]) => isScalar(label))) {
    return [{ columns: null, rows: entries.map(([key, label]) => [key, cellOf(label)]), split }];
  }
  if (entries.every(([, paths]) => Array.isArray(paths) && paths.every(isScalar))) {
    const rows = entries.flatMap(([label, paths]) =>
      (paths as unknown[]).map((path) => [cellOf(path), label]),
    );
    return [{ columns: PAIR, rows, split }];
  }
  if (entries.every(([, record]) => isObject(record))) {
    return [
      ofRecords(
        entries.map(([key, record]) => ({ key, ...(record as JsonObject) })),
        split,
      ),
    ];
  }
  return [];
}

/** "1.png cat" or "0034309 Boeing 707": the first word and the rest, where no other delimiter is in the text. */
function ofPlainText(text: string): ListRows {
  const [line = ""] = text.split("\n", 1);
  if (/[,;\t|]/.test(line)) {
    const { columns, rows } = readDelimited(text);
    return { columns: null, rows: [columns, ...rows], split: null };
  }
  const rows = text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .map((row) => /^\s*(\S+)\s*(.*?)\s*$/.exec(row)?.slice(1) ?? [])
    .filter((row) => row.length > 0);
  return { columns: null, rows, split: null };
}

function ofLines(text: string): ListRows[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return [
    ofRecords(
      lines.map((line): unknown => JSON.parse(line)),
      null,
    ),
  ];
}

/** Whether a file may be a list of images, by its name. */
export const isListPath = (path: string): boolean =>
  /\.(csv|tsv|txt|json|jsonl|ndjson)$/i.test(path);

/**
 * The rows of a list by what its name says it is; none for JSON of another structure.
 * @throws Error (a SyntaxError) when it is said to be JSON and is not
 */
export function listRows(path: string, text: string): readonly ListRows[] {
  if (/\.json$/i.test(path)) return ofJson(JSON.parse(text.replace(/^\ufeff/, "")), null);
  if (/\.(jsonl|ndjson)$/i.test(path)) return ofLines(text.replace(/^\ufeff/, ""));
  if (/\.txt$/i.test(path)) return [ofPlainText(text)];
  const { columns, rows } = readDelimited(text);
  return [{ columns: null, rows: [columns, ...rows], split: null }];
}
