import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { parseSafetensors, type SafetensorsTensor } from "../../src/common/formats/safetensors";

/** What tells a manifest apart from any other JSON file: it names a tensor file, or one lies beside it. */
const Manifest = z.looseObject({ file: z.string().optional() });

export interface GoldenFile {
  /** The manifest's path, for messages. */
  readonly path: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
}

export interface Unreadable {
  readonly path: string;
  readonly problem: string;
}

const problemOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** A file name from a manifest, kept inside its folder. */
const besideOf = (path: string, file: string) => join(dirname(path), basename(file));

function readGolden(path: string): GoldenFile | undefined {
  const manifest = Manifest.parse(JSON.parse(readFileSync(path, "utf8")));
  const own = path.replace(/\.json$/, ".safetensors");
  const named = manifest.file === undefined ? own : besideOf(path, manifest.file);
  const tensorPath = [named, own].find((candidate) => existsSync(candidate));
  if (tensorPath === undefined) {
    // an index or a study names no tensor file; a fixture that does and lacks it is broken
    if (manifest.file === undefined) return undefined;
    throw new Error(`${basename(named)} is missing.`);
  }
  return { path, manifest, tensors: parseSafetensors(readFileSync(tensorPath)).tensors };
}

/** Reads every manifest of a folder and those inside it (or the one file named); tensor files without a manifest are unreadable. */
export function readGoldenFolder(folder: string): (GoldenFile | Unreadable)[] {
  if (!existsSync(folder)) return [{ path: folder, problem: "there is no such folder." }];
  const isFile = !statSync(folder).isDirectory();
  const files = isFile
    ? [folder]
    : readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file));
  const manifests = files.filter((file) => file.endsWith(".json")).sort();
  const read = manifests.flatMap((path): (GoldenFile | Unreadable)[] => {
    try {
      const golden = readGolden(path);
      return golden ? [golden] : [];
    } catch (error) {
      return [{ path, problem: problemOf(error) }];
    }
  });
  const orphans = files
    .filter((file) => file.endsWith(".safetensors"))
    .filter(
      (file) => manifests.length === 0 && !existsSync(file.replace(/\.safetensors$/, ".json")),
    )
    .map((path) => ({ path, problem: "its manifest is missing." }));
  return [...read, ...orphans];
}

const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), "..", "golden");

/** The fixtures of test/golden/FAMILY; an unreadable one throws. */
export function goldenFolder(family: string): GoldenFile[] {
  return readGoldenFolder(join(FIXTURES, family)).map((entry) => {
    if ("problem" in entry) throw new Error(`${entry.path}: ${entry.problem}`);
    return entry;
  });
}
