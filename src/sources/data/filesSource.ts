import { z } from "zod";
import { StudioError } from "../../common/errors/studioError";
import { badImage } from "./imageCodec";
import {
  badDataset,
  byCodeUnits,
  ONE_CLASS,
  type ImageSource,
  type SourceImage,
} from "./imageSource";

/** A file of a folder or of an archive. */
export interface SourceFile {
  /** With slashes, inside the folder or archive. */
  readonly path: string;
  readonly bytes: number;
  readonly read: () => Promise<Uint8Array>;
}

const LABELS_FILE = "dataset.json";
const MAX_LABELS_BYTES = 256 * 2 ** 20;
const IMAGE_NAME = /\.(png|jpe?g|jfif|webp|gif|bmp)$/i;

/** Hidden files and folders, and the copies of resource forks that macOS puts into archives. */
const isHidden = (path: string) =>
  path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");

export const isImagePath = (path: string): boolean => IMAGE_NAME.test(path) && !isHidden(path);

/** "labels" of the reference's data sets: path and class of every image, or null where there are no classes. */
const Labels = z.object({
  labels: z.array(z.tuple([z.string(), z.int().min(0).max(99_999)])).nullable(),
});

/** Without the folder everything lies in, as long as there are folders below it that can be the classes. */
export function withoutCommonFolder(files: readonly SourceFile[]): readonly SourceFile[] {
  const [top, ...below] = files[0]?.path.split("/") ?? [];
  if (top === undefined || below.length === 0) return files;
  const inside = files.map((file) => ({ ...file, path: file.path.slice(top.length + 1) }));
  const isCommon = files.every(({ path }) => path.startsWith(`${top}/`));
  const isRoot = inside.some(({ path }) => path.includes("/") || path === LABELS_FILE);
  return isCommon && isRoot ? withoutCommonFolder(inside) : files;
}

async function readLabels(file: SourceFile): Promise<z.infer<typeof Labels>["labels"]> {
  const bad = (what: string, cause?: unknown) =>
    new StudioError(
      "BAD_DATASET",
      `${file.path} is not the labels of a data set: ${what}.`,
      `It should hold {"labels": [["00000/img00000000.png", 6], ...]}. Remove it to take folders as classes.`,
      { cause },
    );
  if (file.bytes > MAX_LABELS_BYTES) throw bad(`it has ${file.bytes} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await file.read()));
  } catch (cause) {
    if (cause instanceof StudioError) throw cause;
    throw bad("it is not JSON", cause);
  }
  const parsed = Labels.safeParse(json);
  if (parsed.success) return parsed.data.labels;
  const [issue] = parsed.error.issues;
  throw bad(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`, parsed.error);
}

const unlabelled = (path: string): Promise<never> =>
  Promise.reject(badImage(`${LABELS_FILE} has no label for ${path}`));
const unfound = (path: string): Promise<never> =>
  Promise.reject(badImage(`${LABELS_FILE} names ${path}, which is not there`));

/** Images with the numbers of the reference's `dataset.json`, those that only one side knows among them. */
function labelledImages(
  images: readonly SourceFile[],
  labels: readonly [string, number][],
): SourceImage[] {
  const labelOf = new Map(labels);
  const known = new Set(images.map(({ path }) => path));
  const listed = images.map(({ path, read }): SourceImage => {
    const label = labelOf.get(path);
    return label === undefined
      ? { name: path, className: "", read: () => unlabelled(path) }
      : { name: path, className: String(label), read };
  });
  const absent = labels
    .filter(([path]) => !known.has(path))
    .map(([path]): SourceImage => ({ name: path, className: "", read: () => unfound(path) }));
  return [...listed, ...absent].sort((a, b) => byCodeUnits(a.name, b.name));
}

async function* inTurn<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

const classOfPath = (path: string): string =>
  path.includes("/") ? (path.split("/")[0] ?? ONE_CLASS) : ONE_CLASS;

/**
 * The images of a folder or an archive, sorted by path: the first subfolder is the class, loose files are one class;
 * with the reference's `dataset.json` at the root its numbers are. Other files are passed over.
 * @throws StudioError BAD_DATASET when there is no image in it, or its labels cannot be read
 */
export async function filesSource(
  label: string,
  given: readonly SourceFile[],
): Promise<ImageSource> {
  const visible = given.filter(
    ({ path }) => isImagePath(path) || (path.endsWith(LABELS_FILE) && !isHidden(path)),
  );
  const files = withoutCommonFolder(visible);
  const images = files
    .filter(({ path }) => isImagePath(path))
    .sort((a, b) => byCodeUnits(a.path, b.path));
  if (images.length === 0) {
    throw badDataset(
      `${label} holds no image (of ${given.length} files).`,
      "Choose a folder or an archive with PNG, JPEG, WebP, GIF or BMP files, one subfolder for each class.",
    );
  }
  const labelsFile = files.find(({ path }) => path === LABELS_FILE);
  const labels = labelsFile ? await readLabels(labelsFile) : undefined;
  const items = labels
    ? labelledImages(images, labels)
    : images.map(({ path, read }): SourceImage => ({
        name: path,
        className: labels === null ? ONE_CLASS : classOfPath(path),
        read,
      }));
  const classes = labels?.reduce((most, [, number]) => Math.max(most, number + 1), 0);
  return {
    label,
    images: items.length,
    bytes: images.reduce((sum, { bytes }) => sum + bytes, 0),
    classOrder:
      classes === undefined ? "byName" : Array.from({ length: classes }, (_, i) => String(i)),
    fingerprint: JSON.stringify(images.map(({ path, bytes }) => [path, bytes])),
    from: (first) => inTurn(items.slice(first)),
  };
}
