import { z } from "zod";
import { StudioError } from "../../common/errors/studioError";
import type { HubDatasetOffer, HubDatasetRef } from "../../common/protocol/datasets";
import { fetchJson, fetchList, resolveUrl, type HubTools } from "./hubClient";

/** Where the hub keeps its own conversion of every data set to parquet. */
const CONVERTED = "refs/convert/parquet";
/** A data set that is parquet itself is not always converted whole, so its own files come first. */
const OWN_FILE = /^(?:(.+)\/)?([A-Za-z]\w*)-\d{5}-of-\d{5}(?:-[0-9a-f]+)?\.parquet$/;
const CONVERTED_FILE = /^(.+)\/([^/]+)\/\d{4,}\.parquet$/;

const Commit = z.looseObject({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  cardData: z
    .looseObject({ license: z.union([z.string(), z.array(z.string())]).optional() })
    .nullish(),
});
const Tree = z.array(
  z.looseObject({
    type: z.string(),
    path: z.string(),
    size: z.int().min(0),
    lfs: z.looseObject({ size: z.int().min(0) }).optional(),
  }),
);

interface ParquetFile {
  readonly config: string;
  readonly split: string;
  readonly path: string;
  readonly bytes: number;
}

/** Configuration and split by a file's path: the library's names, or those of the hub's conversion. */
function placeOf(path: string): Pick<ParquetFile, "config" | "split"> | undefined {
  const [, folder, split] = OWN_FILE.exec(path) ?? [];
  if (split !== undefined) {
    return { config: folder === undefined || folder === "data" ? "default" : folder, split };
  }
  const [, config, part] = CONVERTED_FILE.exec(path) ?? [];
  return config !== undefined && part !== undefined ? { config, split: part } : undefined;
}

const api = ({ places }: HubTools, repo: string) =>
  `${places.hub}/api/datasets/${repo.split("/").map(encodeURIComponent).join("/")}`;

/** The parquet files of a revision, and the commit it named just now. */
async function parquetFiles(
  tools: HubTools,
  repo: string,
  revision: string,
  signal?: AbortSignal,
): Promise<{ commit: string; licence: string | null; files: ParquetFile[] }> {
  const revisionUrl = `${api(tools, repo)}/revision/${encodeURIComponent(revision)}`;
  const { sha, cardData } = await fetchJson(tools, revisionUrl, Commit, signal);
  const treeUrl = `${api(tools, repo)}/tree/${sha}?recursive=true`;
  const tree = await fetchList(tools, treeUrl, Tree, signal);
  const files = tree.flatMap(({ type, path, size, lfs }) => {
    const place = type === "file" ? placeOf(path) : undefined;
    return place ? [{ ...place, path, bytes: lfs?.size ?? size }] : [];
  });
  const licence = cardData?.license;
  return {
    commit: sha,
    licence: licence === undefined ? null : [licence].flat().join(", "),
    files: files.sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

/**
 * Configurations and splits of a data set with the parquet files that hold them: its own, or those the hub converted
 * it to. Each names the commit the revision meant just now, so that the same images can be had again.
 *
 * @throws StudioError DOWNLOAD_FAILED; BAD_DATASET when it has no parquet files
 */
export async function datasetOffers(
  tools: HubTools,
  repo: string,
  revision: string,
  signal?: AbortSignal,
): Promise<HubDatasetOffer[]> {
  const own = await parquetFiles(tools, repo, revision, signal);
  const { commit, files } =
    own.files.length > 0 ? own : await parquetFiles(tools, repo, CONVERTED, signal);
  if (files.length === 0) {
    throw new StudioError(
      "BAD_DATASET",
      `${repo} has no parquet files at ${revision}, nor did the hub convert it to any.`,
      "Download its files and drop them onto the studio as a folder or a zip.",
    );
  }
  const places = new Map(files.map((file) => [`${file.config}/${file.split}`, file]));
  return [...places.values()].map(({ config, split }) => {
    const part = files.filter((file) => file.config === config && file.split === split);
    const ref = { kind: "datasets", repo, revision: commit } as const;
    return {
      dataset: { repo, revision: commit, config, split },
      files: part.map(({ path, bytes }) => ({
        url: resolveUrl(tools.places, { ...ref, file: path }),
        bytes,
      })),
      bytes: part.reduce((sum, { bytes }) => sum + bytes, 0),
      rows: null,
      licence: own.licence,
    };
  });
}

/**
 * The files of one split.
 * @throws StudioError as `datasetOffers`, and BAD_DATASET naming what there is when the split is not among it
 */
export async function datasetOffer(
  tools: HubTools,
  { repo, revision, config, split }: HubDatasetRef,
  signal?: AbortSignal,
): Promise<HubDatasetOffer> {
  const offers = await datasetOffers(tools, repo, revision, signal);
  const offer = offers.find(({ dataset }) => dataset.config === config && dataset.split === split);
  if (offer) return offer;
  const names = offers.map(({ dataset }) => `${dataset.config}/${dataset.split}`);
  throw new StudioError(
    "BAD_DATASET",
    `${repo} has no ${config}/${split} at ${revision}; it has ${names.join(", ")}.`,
    "Choose one of these.",
  );
}

/** Source name of these images in an experiment. */
export const hubDatasetLabel = ({ repo, revision, config, split }: HubDatasetRef): string =>
  `hub:${repo}@${revision}/${config}/${split}`;
