import type { FileMetaData, SchemaTree } from "hyparquet";
import { parquetSchema } from "hyparquet";
import { z } from "zod";
import { StudioError } from "../../common/errors/studioError";

/** Which columns hold the images and their classes. */
export interface ParquetColumns {
  readonly image: string;
  /** Null where rows have no class. */
  readonly label: string | null;
  /** Names of the classes by their number, where the file has them. */
  readonly classNames: readonly string[] | null;
}

const Feature = z.looseObject({
  _type: z.string().optional(),
  names: z.array(z.string()).max(100_000).optional(),
});
/** Metadata that the `datasets` library writes beside the columns. */
const HubMetadata = z.object({
  info: z.object({ features: z.record(z.string(), z.unknown()) }),
});
type Features = Readonly<Record<string, z.infer<typeof Feature>>>;

function hubFeatures(metadata: FileMetaData): Features {
  const text = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  if (text === undefined) return {};
  try {
    const { features } = HubMetadata.parse(JSON.parse(text)).info;
    const known = Object.entries(features).flatMap(([name, value]) => {
      const feature = Feature.safeParse(value);
      return feature.success ? [[name, feature.data] as const] : [];
    });
    return Object.fromEntries(known);
  } catch {
    return {}; // a file without this is read by its columns' types
  }
}

const isBytes = ({ element }: SchemaTree) =>
  element.type === "BYTE_ARRAY" &&
  element.logical_type === undefined &&
  element.converted_type === undefined;

/** A struct {bytes, path}, as the hub stores images, or a column of plain bytes. */
const mayBeImage = (column: SchemaTree): boolean =>
  column.children.length === 0
    ? isBytes(column)
    : column.children.some((child) => child.element.name === "bytes" && isBytes(child));

const isLeaf = ({ children }: SchemaTree): boolean => children.length === 0;

/** Columns that may be classes whatever they are called: whole numbers and truths. */
const mayBeLabel = (column: SchemaTree): boolean =>
  isLeaf(column) && ["INT32", "INT64", "BOOLEAN"].includes(column.element.type ?? "");

const LABEL_NAMES = ["label", "labels", "class", "class_id", "fine_label", "class_name", "target"];
const IMAGE_NAMES = ["image", "img", "images"];

/** The only candidate, or the one with a usual name. */
function chosen(
  what: string,
  names: readonly string[],
  usual: readonly string[],
  file: string,
): string | undefined {
  const known = usual.find((name) => names.includes(name));
  if (names.length <= 1 || known !== undefined) return known ?? names[0];
  throw new StudioError(
    "BAD_PARQUET",
    `${file} has several columns that may hold ${what}: ${names.join(", ")}.`,
    `Rename the one to use to "${usual[0] ?? ""}".`,
  );
}

/**
 * Finds the columns by their types, and by what the hub wrote beside them.
 * @param file its name, for messages
 * @throws StudioError BAD_PARQUET without a column of images, or with several candidates, which are named
 */
export function parquetColumns(file: string, metadata: FileMetaData): ParquetColumns {
  const features = hubFeatures(metadata);
  const columns = parquetSchema(metadata).children;
  const nameOf = ({ element }: SchemaTree) => element.name;
  const ofType = (type: string) =>
    columns.map(nameOf).filter((name) => features[name]?._type === type);
  const firstOf = (...lists: string[][]) => lists.find((list) => list.length > 0) ?? [];

  const bytes = columns.filter(mayBeImage).map(nameOf);
  const images = firstOf(
    ofType("Image"),
    bytes.filter((name) => !LABEL_NAMES.includes(name)), // text without a note that it is text
    bytes,
  );
  const image = chosen("images", images, IMAGE_NAMES, file);
  if (image === undefined) {
    throw new StudioError(
      "BAD_PARQUET",
      `${file} has no column of images; it has ${columns.map(nameOf).join(", ")}.`,
      "Choose a data set whose rows hold the images themselves.",
    );
  }
  const others = columns.filter((column) => isLeaf(column) && nameOf(column) !== image);
  const named = others.map(nameOf).filter((name) => LABEL_NAMES.includes(name));
  const labels = firstOf(ofType("ClassLabel"), named, others.filter(mayBeLabel).map(nameOf));
  const label = chosen("classes", labels, LABEL_NAMES, file) ?? null;
  const classNames = label === null ? undefined : features[label]?.names;
  return { image, label, classNames: classNames ? distinct(classNames) : null };
}

/** Class names have to tell classes apart: a second "crane" gets its number. */
function distinct(names: readonly string[]): string[] {
  const first = new Map<string, number>();
  names.forEach((name, number) => {
    if (!first.has(name)) first.set(name, number);
  });
  return names.map((name, number) => (first.get(name) === number ? name : `${name} (${number})`));
}
