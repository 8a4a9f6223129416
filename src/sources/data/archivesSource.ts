import { StudioError } from "../../common/errors/studioError";
import { blobSource, type ByteSource } from "../../common/formats/byteSource";
import { filesSource, type SourceFile } from "./filesSource";
import { badDataset, byCodeUnits, type ImageSource } from "./imageSource";
import { parquetSource } from "./parquetImages";
import { zipFiles } from "./zipFiles";

type ArchiveKind = "zip" | "parquet";

/** By their first bytes: names lie. @throws StudioError BAD_ARCHIVE for anything else */
async function kindOf(source: ByteSource): Promise<ArchiveKind> {
  const head = new TextDecoder("latin1").decode(await source.read(0, Math.min(4, source.bytes)));
  if (head === "PK\x03\x04" || head === "PK\x05\x06") return "zip";
  if (head === "PAR1") return "parquet";
  throw new StudioError(
    "BAD_ARCHIVE",
    `${source.name} (${source.bytes} bytes) is neither a zip nor a parquet file.`,
    "Drop a zip, a parquet file or a folder; unpack other archives first.",
  );
}

/** An archive among several whose images lie loose is a class of its own: its name stands for the folder. */
function underItsName(name: string, files: readonly SourceFile[]): readonly SourceFile[] {
  if (files.some(({ path }) => path.includes("/"))) return files;
  const folder = name.replace(/\.[^.]*$/, "");
  return files.map((file) => ({ ...file, path: `${folder}/${file.path}` }));
}

/**
 * The images of zip files (as of one folder) or of the parquet files of one data set, as the user dropped them.
 * @throws StudioError BAD_ARCHIVE, BAD_PARQUET, BAD_DATASET
 */
export async function archivesSource(label: string, files: readonly File[]): Promise<ImageSource> {
  const sources = files
    .map((file) => blobSource(file.name, file))
    .sort((a, b) => byCodeUnits(a.name, b.name));
  const kinds: ArchiveKind[] = [];
  for (const source of sources) kinds.push(await kindOf(source));
  if (new Set(kinds).size > 1) {
    throw badDataset(
      `${label}: zip and parquet files do not make one data set.`,
      "Import them one after the other.",
    );
  }
  if (kinds[0] === "parquet") return parquetSource(label, sources);
  const inside: SourceFile[] = [];
  for (const source of sources) {
    const found = await zipFiles(source);
    inside.push(...(sources.length > 1 ? underItsName(source.name, found) : found));
  }
  return filesSource(label, inside);
}
