import type { ImportedData } from "../config/experiment";
import type { Failure } from "../errors/studioError";
import type { Outcome } from "./shared";

/** How images become squares; the reference's `--transform=center-crop-dhariwal` is the one way there is. */
export interface ImportOptions {
  /** Shown in lists. */
  readonly name: string;
  /** Side of the squares, px. */
  readonly resolution: number;
  /** Stop after this many images; absent, all are taken. */
  readonly limit?: number | undefined;
  /** Of a source with several splits, the one to take, or "all"; absent, the one to train on. */
  readonly split?: string | undefined;
  /** Absent: as the pixels are stored, as the reference's loader does. */
  readonly orientation?: "stored" | "exif" | undefined;
  /** Classes under other names, joined or left out. */
  readonly classes?: ClassChanges | undefined;
}

/** Each found class that changes with its new name, which may be that of another, or null to leave its images out. */
export type ClassChanges = readonly (readonly [found: string, name: string | null])[];

/** How a source is looked into before it is imported. */
export interface InspectOptions extends Pick<ImportOptions, "name" | "split" | "orientation"> {
  /** Images that are read and decoded; absent, all. */
  readonly readAtMost?: number | undefined;
}

/** What an import would give, and what it would leave out. */
export interface ImageReport {
  /** Images that are usable. */
  readonly images: number;
  /** In the order of their numbers. */
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  readonly skippedCount: number;
  /** The first of them (at most 200). */
  readonly skipped: readonly SkippedImage[];
  /** What was recognised, merged, passed over or read otherwise than some would think. */
  readonly notes: readonly string[];
  /** The side to offer, px: 64, or less where images are smaller. */
  readonly resolution: number;
  /** Which split these are; null where none was recognised. */
  readonly split: string | null;
  /** Every split there is, the one to train on first. */
  readonly splits: readonly { readonly name: string; readonly images: number }[];
  /** Why none of it can be imported; null when some can. */
  readonly problem: Failure | null;
}

/** One file of a picked or dropped folder: its path inside the folder names its class. */
export interface FolderFile {
  readonly path: string;
  readonly file: File;
}

/** Which images of the hub: a configuration and a split of a repository, as its parquet files. */
export interface HubDatasetRef {
  readonly repo: string;
  readonly revision: string;
  readonly config: string;
  readonly split: string;
}

/** Where images are imported from. */
export type ImportSource =
  /** A folder the browser lets us read again after a reload, if the user says so again. */
  | { readonly kind: "directory"; readonly handle: FileSystemDirectoryHandle }
  | { readonly kind: "files"; readonly files: readonly FolderFile[] }
  /** zip files (also nested) and parquet files, told apart by their bytes. */
  | { readonly kind: "archives"; readonly files: readonly File[] }
  | { readonly kind: "hub"; readonly dataset: HubDatasetRef };

/** An image that was left out, and why. */
export interface SkippedImage {
  readonly name: string;
  readonly reason: string;
}

export type ImportEvent =
  /** Before anything is read: how much there is, as far as the source says. */
  | { readonly type: "found"; readonly images: number | null; readonly bytes: number | null }
  | {
      readonly type: "progress";
      readonly done: number;
      /** Null while the source does not say. */
      readonly total: number | null;
      readonly skipped: number;
      readonly readBytes: number;
      readonly imagesPerSecond: number;
    }
  | { readonly type: "warning"; readonly failure: Failure };

/** An imported data set as lists show it. */
export interface DatasetSummary {
  readonly id: string;
  readonly name: string;
  /** "hub:owner/name@revision/config/split" or "folder:name". */
  readonly source: string;
  /** The data set as an experiment names it; null while the import is not complete. */
  readonly data: ImportedData | null;
  readonly classNames: readonly string[];
  /** Images of each class, by its position in `classNames`. */
  readonly classCounts: readonly number[];
  readonly images: number;
  readonly resolution: number;
  /** Bytes in storage. */
  readonly bytes: number;
  readonly skippedCount: number;
  /** The first of them (at most 200). */
  readonly skipped: readonly SkippedImage[];
  /** What was recognised, merged, passed over or read otherwise than some would think. */
  readonly notes: readonly string[];
  readonly createdAtMs: number;
  /** A cut import can go on: from the hub by itself, from a folder once it is picked again or its handle is allowed. */
  readonly resumable: boolean;
  /** `ImportOptions.limit` it was begun with; going on keeps it. */
  readonly limit?: number | undefined;
  /** As in `ImportOptions`; going on keeps them. */
  readonly split?: string | undefined;
  readonly orientation?: "stored" | "exif" | undefined;
  readonly classes?: ClassChanges | undefined;
  /** The remembered folder of an import that is not complete: the page asks for leave to read it again. */
  readonly handle?: FileSystemDirectoryHandle | undefined;
}

/** A configuration and split of a data set on the hub, known before any download. */
export interface HubDatasetOffer {
  readonly dataset: HubDatasetRef;
  readonly files: readonly { readonly url: string; readonly bytes: number }[];
  readonly bytes: number;
  /** Rows, where the hub says how many. */
  readonly rows: number | null;
  readonly licence: string | null;
}

export interface DatasetsApi {
  /** Configurations and splits of a repository with their sizes. */
  hubDataset(repo: string, revision: string): Promise<Outcome<readonly HubDatasetOffer[]>>;
  /** What an import of a source would give; images are read, and nothing is stored. A second call ends the first. */
  inspectImages(
    source: ImportSource,
    options: InspectOptions,
    onLooked: (images: number) => void,
  ): Promise<Outcome<ImageReport>>;
  /** Ends the look that is under way. */
  cancelInspection(): Promise<void>;
  /**
   * Decodes, crops and stores images, and returns the finished data set. Broken ones are left out, counted and
   * listed. A second call for the same source and side goes on where the first was cut.
   */
  importImages(
    source: ImportSource,
    options: ImportOptions,
    onEvent: (event: ImportEvent) => void,
  ): Promise<Outcome<DatasetSummary>>;
  cancelImport(): Promise<void>;
  datasets(): Promise<Outcome<readonly DatasetSummary[]>>;
  deleteDataset(id: string): Promise<Outcome<null>>;
}
