import { open, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Experiment } from "../../src/common/config/experiment";
import { isImagePath } from "../../src/sources/data/imageKinds";
import { isWanted } from "../../src/sources/data/sourceFile";
import { imageHeader } from "../../src/sources/data/imageHeader";
import { StudioError } from "../../src/common/errors/studioError";
import type { FolderFile } from "../../src/common/protocol/datasets";
import { createDatasetsSession } from "../../src/sessions/datasets/datasetsSession";
import type { SessionEnvironment } from "../../src/sessions/common/environment";
import { fittedToImages } from "../../src/page/store/experimentSlice";
import { valueOf } from "../node/cachesFirst";
import type { HeadlessOptions } from "./options";
import type { Progress } from "./progress";

/** Enough of a PNG to see its bits and colour type. */
const HEADER_BYTES = 64;
/** Where a PNG's first chunk says how many bits a channel has, and whether it is a palette. */
const DEPTH_AT = 24;
const COLOUR_AT = 25;
const PALETTE = 3;

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEADER_BYTES));
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Why Node's PNG reader cannot decode an image and a browser is needed; undefined when it can. */
function needsBrowser(header: Uint8Array, path: string): string | undefined {
  const format = imageHeader(header)?.format;
  if (format === undefined && /\.png$/i.test(path)) return undefined; // broken: left out and named, as in a browser
  if (format !== "PNG") return format === undefined ? "it is no PNG" : `it is ${format}`;
  const [depth, colour] = [header[DEPTH_AT], header[COLOUR_AT]];
  if (colour === PALETTE || depth === 8) return undefined;
  return `it has ${depth} bits a channel`;
}

/** @throws StudioError BAD_IMAGE naming the first image that Node does not read */
async function assertReadable(path: string): Promise<void> {
  const why = needsBrowser(await firstBytes(path), path);
  if (why === undefined) return;
  throw new StudioError(
    "BAD_IMAGE",
    `${path} needs a browser's decoder: ${why}.`,
    "Convert the images to PNG with 8 bits a channel, or import them in a browser and use --runtime browser.",
  );
}

/** A file on disk with the interface of a picked one. Its bytes are read at the first use. */
async function diskFile(path: string): Promise<File> {
  const { size } = await stat(path);
  const arrayBuffer = async () => new Uint8Array(await readFile(path)).buffer;
  // of a File, an import uses these two
  return { size, arrayBuffer } as Partial<File> as File;
}

/**
 * Images below a folder, as the page's folder import takes them: the first subfolder is the class.
 * @throws StudioError BAD_IMAGE for what only a browser decodes; BAD_DATASET when the folder cannot be read
 */
export async function folderFiles(folder: string): Promise<FolderFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new StudioError("BAD_DATASET", `${folder} cannot be read: ${why}`, "Check --images.");
    },
  );
  const files: FolderFile[] = [];
  for (const entry of entries.filter((found) => found.isFile())) {
    const whole = join(entry.parentPath, entry.name);
    const path = whole.slice(folder.length + 1).replaceAll("\\", "/");
    if (isImagePath(path)) await assertReadable(whole);
    else if (!isWanted(path)) continue;
    files.push({ path, file: await diskFile(whole) });
  }
  return files;
}

/** A link names its images by their hash: others would be another experiment. */
function assertSame(wanted: Experiment["data"]["imported"], hash: string, folder: string): void {
  if (wanted === null || wanted.hash === hash) return;
  throw new StudioError(
    "DATASET_MISSING",
    `${folder} holds other images (${hash.slice(0, 12)}…) than the link names (${wanted.hash.slice(0, 12)}…, ${wanted.source}).`,
    "Give the folder the link was made with, or start from --preset.",
  );
}

/**
 * The experiment on the images of `--images`, imported into the state as the page does it; without that option the
 * experiment as it is. Images that were imported before are read again, and give the same data set.
 *
 * @throws StudioError BAD_IMAGE, BAD_DATASET, DATASET_MISSING, and what importing throws
 */
export async function withImages(
  environment: SessionEnvironment,
  { experiment, images, imageSize }: Pick<HeadlessOptions, "experiment" | "images" | "imageSize">,
  progress: Progress,
): Promise<Experiment> {
  if (images === null) return experiment;
  const files = await folderFiles(images);
  const options = { name: basename(images), resolution: imageSize };
  const summary = await valueOf(
    createDatasetsSession(environment).importImages({ kind: "files", files }, options, (event) => {
      if (event.type !== "progress") return;
      const { done, total, imagesPerSecond: rate } = event;
      progress.amount({ what: "importing", done, total: total ?? done, unit: "images", rate });
    }),
  );
  for (const { name, reason } of summary.skipped) progress.note(`left out: ${name}: ${reason}`);
  const { data } = summary;
  if (!data) throw new StudioError("INTERNAL", "The import did not finish.", "Start it again.");
  assertSame(experiment.data.imported, data.hash, images);
  progress.note(`Training on ${data.images} images of ${data.classes} classes at ${imageSize} px.`);
  if (experiment.data.imported) return experiment;
  return fittedToImages({
    ...experiment,
    data: { ...experiment.data, dataset: "imported", imported: data },
  });
}
