import { z } from "zod";
import { StudioError } from "../../common/errors/studioError";
import { badImage } from "./imageCodec";
import { byCodeUnits, type SourceImage } from "./imageSource";
import type { SourceFile } from "./sourceFile";

/** The reference's own labels, at the root of a data set. */
export const LABELS_FILE = "dataset.json";
const MAX_LABELS_BYTES = 256 * 2 ** 20;

/** "labels" of the reference's data sets: path and class of every image, or null where there are no classes. */
const Labels = z.object({
  labels: z.array(z.tuple([z.string(), z.int().min(0).max(99_999)])).nullable(),
});
export type DatasetLabels = z.infer<typeof Labels>["labels"];

/** @throws StudioError BAD_DATASET when it is another kind of file, with the first thing that is wrong */
export async function readDatasetJson(file: SourceFile): Promise<DatasetLabels> {
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
export function labelledImages(
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
