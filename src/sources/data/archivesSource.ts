import { StudioError } from "../../common/errors/studioError";
import { blobSource, type ByteSource } from "../../common/formats/byteSource";
import { holdsResults } from "../../common/resultFiles/openResults";
import { filesSource } from "./filesSource";
import { badDataset, byCodeUnits, type ImageSource } from "./imageSource";
import { parquetSource } from "./parquetImages";
import { joined, type FileListing } from "./sourceFile";
import { isSplitName } from "./splits";
import { zipFiles } from "./zipFiles";

type ArchiveKind = "zip" | "parquet";

/** Other containers by their first bytes, to be named. */
const OTHER_KINDS: readonly (readonly [start: string, kind: string])[] = [
  ["\x1f\x8b", "a gzip file (.gz, .tgz)"],
  ["BZh", "a bzip2 file"],
  ["\xfd7zXZ", "an xz file"],
  ["\x28\xb5\x2f\xfd", "a Zstandard file"],
  ["7z\xbc\xaf", "a 7z archive"],
  ["Rar!", "a RAR archive"],
  ["\x89HDF", "an HDF5 file"],
  ["ARROW1", "an Arrow file"],
];
/** Where a tar archive says what it is. */
const TAR_AT = 257;
const LOOKED_AT = 265;

const holdsRuns = ({ name }: ByteSource) =>
  new StudioError(
    "BAD_ARCHIVE",
    `${name} is a file of results: it holds runs, not a data set.`,
    'Drop it on the settings of the Train view, or press "Open a file" there.',
  );

/** By their first bytes: names lie. @throws StudioError BAD_ARCHIVE for anything else */
async function kindOf(source: ByteSource): Promise<ArchiveKind> {
  const bytes = await source.read(0, Math.min(LOOKED_AT, source.bytes));
  const head = new TextDecoder("latin1").decode(bytes);
  if (head.startsWith("PK\x03\x04") || head.startsWith("PK\x05\x06")) {
    if (await holdsResults(source)) throw holdsRuns(source);
    return "zip";
  }
  if (head.startsWith("PAR1")) return "parquet";
  const isTar = head.startsWith("ustar", TAR_AT);
  const other = isTar
    ? "a tar archive"
    : OTHER_KINDS.find(([start]) => head.startsWith(start))?.[1];
  const what = other === undefined ? "" : `, it is ${other}`;
  throw new StudioError(
    "BAD_ARCHIVE",
    `${source.name} (${source.bytes} bytes) is neither a zip nor a parquet file${what}.`,
    "Drop a zip, a parquet file or a folder; unpack other archives first.",
  );
}

const withoutExtension = (name: string) => name.replace(/\.[^.]*$/, "");

/**
 * An archive among several whose images lie loose is a class of its own: its name stands for the folder. So it does where
 * the archives are splits.
 */
function underItsName(name: string, listing: FileListing, areSplits: boolean): FileListing {
  const { files } = listing;
  if (!areSplits && files.some(({ path }) => path.includes("/"))) return listing;
  const folder = withoutExtension(name);
  const inside = files.every(({ path }) => path.startsWith(`${folder}/`));
  if (areSplits && inside) return listing;
  return { ...listing, files: files.map((file) => ({ ...file, path: `${folder}/${file.path}` })) };
}

/**
 * The images of zip files (as of one folder) or of the parquet files of one data set, as the user dropped them.
 * @throws StudioError BAD_ARCHIVE, BAD_PARQUET, BAD_DATASET
 */
export async function archivesSource(
  label: string,
  files: readonly File[],
  options: { readonly split?: string | undefined } = {},
): Promise<ImageSource> {
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
  const areSplits = sources.every(({ name }) => isSplitName(withoutExtension(name)));
  const listings: FileListing[] = [];
  for (const source of sources) {
    const found = await zipFiles(source);
    listings.push(sources.length > 1 ? underItsName(source.name, found, areSplits) : found);
  }
  return filesSource(label, joined(listings), options);
}
