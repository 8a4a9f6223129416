import { gitOidOf, isLarge, sha256Of, type RepoFile } from "./repoFiles.ts";

interface TreeEntry {
  readonly type: "file" | "directory";
  readonly oid: string;
  readonly size: number;
  readonly path: string;
  readonly lfs?: { readonly oid: string; readonly size: number; readonly pointerSize: number };
}

async function fileEntry(file: RepoFile): Promise<TreeEntry> {
  const { size, path } = file;
  const entry = { type: "file", oid: await gitOidOf(file), size, path } as const;
  if (!isLarge(file)) return entry;
  return { ...entry, lfs: { oid: await sha256Of(file), size, pointerSize: 134 } };
}

/**
 * What `/api/{kind}/{repo}/tree/{revision}/{folder}` lists: the folder's files and folders, or every file below it.
 * @returns undefined when there is no such folder
 */
export async function treeOf(
  files: readonly RepoFile[],
  folder: string,
  recursive: boolean,
): Promise<TreeEntry[] | undefined> {
  const start = folder === "" ? "" : `${folder}/`;
  const below = files.filter(({ path }) => path.startsWith(start));
  if (below.length === 0) return undefined;
  const depth = (path: string) => path.slice(start.length).split("/").length;
  const foldersOf = (path: string) =>
    path
      .split("/")
      .slice(0, -1)
      .map((_, at, parts) => parts.slice(0, at + 1).join("/"));
  const isListed = (path: string) => recursive || depth(path) === 1;
  const listed = below.filter(({ path }) => isListed(path));
  const folders = new Set(
    below
      .flatMap(({ path }) => foldersOf(path))
      .filter((path) => path.startsWith(start) && isListed(path)),
  );
  const directories = [...folders].map((path): TreeEntry => ({
    type: "directory",
    oid: "0".repeat(40),
    size: 0,
    path,
  }));
  return [...directories, ...(await Promise.all(listed.map(fileEntry)))];
}

/** What the datasets server says of a dataset's converted files, `config/split/name.parquet` each. */
export function parquetFilesOf(files: readonly RepoFile[], hubOrigin: string): object {
  const parquetFiles = files.map(({ repo, path, size }) => {
    const [config = "", split = "", filename = ""] = path.split("/");
    const url = `${hubOrigin}/datasets/${repo}/resolve/refs%2Fconvert%2Fparquet/${path}`;
    return { dataset: repo, config, split, url, filename, size };
  });
  return { parquet_files: parquetFiles, pending: [], failed: [], partial: false };
}
