import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";

/** A file's bytes, or the path of a file that has them (for those too large to hold). */
export type HubContent = Uint8Array | string;

/**
 * What the hub serves: `owner/name@revision/path` for models, `datasets/owner/name@revision/path` for datasets.
 * The converted copies of a dataset are under the revision `refs/convert/parquet`.
 */
export type HubFiles = ReadonlyMap<string, HubContent>;

export interface RepoFile {
  readonly key: string;
  readonly kind: "models" | "datasets";
  readonly repo: string;
  readonly revision: string;
  readonly path: string;
  readonly content: HubContent;
  readonly size: number;
}

const KEY = /^(datasets\/)?([^/@]+\/[^/@]+)@(refs\/convert\/parquet|refs\/pr\/\d+|[^/]+)\/(.+)$/;
/** Kept outside git by the hub, answered by a redirect; everything else is answered directly. */
const LARGE = /\.(safetensors|parquet|bin|zip|npy|onnx|tar)$/;

export const isLarge = ({ path }: RepoFile): boolean => LARGE.test(path);

export function repoFile(key: string, content: HubContent): RepoFile {
  const [, datasets, repo, revision, path] = KEY.exec(key) ?? [];
  if (repo === undefined || revision === undefined || path === undefined) {
    throw new Error(`"${key}" is not [datasets/]owner/name@revision/path.`);
  }
  const size = typeof content === "string" ? statSync(content).size : content.byteLength;
  return { key, kind: datasets ? "datasets" : "models", repo, revision, path, content, size };
}

async function digest(algorithm: string, { content }: RepoFile, start = ""): Promise<string> {
  const hash = createHash(algorithm).update(start);
  if (typeof content === "string") {
    for await (const part of createReadStream(content)) hash.update(part as Buffer);
  } else {
    hash.update(content);
  }
  return hash.digest("hex");
}

/** SHA-256 of a file, hex: the hub's name for what is kept outside git. */
export const sha256Of = (file: RepoFile): Promise<string> => digest("sha256", file);

/** Git's own name of a file. */
export const gitOidOf = (file: RepoFile): Promise<string> =>
  digest("sha1", file, `blob ${file.size}\0`);

/** A commit's name that changes with the files of a revision: their names and hashes. */
export function commitOf(files: readonly { path: string; sha256: string }[]): string {
  const hash = createHash("sha1");
  for (const { path, sha256 } of files) hash.update(`${path}\0${sha256}\0`);
  return hash.digest("hex");
}
