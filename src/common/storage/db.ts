import type { DBSchema, IDBPDatabase } from "idb";
import type { Licence } from "../catalogue/hubFile";
import type { Experiment, TimelineEntry } from "../config/experiment";
import type { ForkedSetting } from "../config/forks";
import type { ByteRange } from "../formats/byteRange";
import type { SafetensorsEntry } from "../formats/safetensors";
import type { StoredAnalysis } from "../protocol/analysis";
import type { DeviceReport } from "../protocol/shared";
import type { ClassChanges, SkippedImage } from "../protocol/datasets";
import type { WeightsSummary } from "../protocol/weights";
import type { Measurement, SampleGrid, StepPoint, StoredPhase } from "../protocol/trainer";
import type { StepRows } from "./stepRows";

export const DB_NAME = "repa-studio";
export const DB_VERSION = 6;

/** One shard of a cache: float16 rows of consecutive images. Written whole or not at all. */
export interface ShardRecord {
  /** Everything that decides the bytes (src/sessions/caches/cacheSpecs.ts). */
  readonly cacheKey: string;
  readonly shard: number;
  readonly bytes: ArrayBuffer;
  /** SHA-256 of `bytes`, hex; checked before a shard is used. */
  readonly sha256: string;
  readonly rows: number;
}

/** What a cache is, for the storage meter. */
export interface CacheRecord {
  readonly cacheKey: string;
  readonly label: string;
  /** Float16 values in a row. */
  readonly rowLength: number;
  /** Stored rows; shards are not filled in the order of their rows. */
  readonly rows: number;
  readonly rowsPerShard: number;
  readonly createdAtMs: number;
  /** Which stored weights made the rows, where they are not the studio's own. */
  readonly weights?: string;
}

/** Where a fork was begun. What it needs of its parent is copied: a fork stays whole when its parent is deleted. */
export interface ForkOrigin {
  readonly runId: string;
  /** Steps its parent had taken. */
  readonly step: number;
  /** In what it then differs from its parent. */
  readonly change?: readonly ForkedSetting[] | undefined;
  /** Whether its experiment and timeline repeat it from the first step on (src/common/config/forks.ts). */
  readonly repeatable?: boolean | undefined;
}

/** How a run is shown among others. */
export interface RunLook {
  /** Place in the palette; the page has a colour, and beyond its last a dash, for each. */
  readonly color: number;
  /** Whether figures draw it beside the run that is open. */
  readonly shown: boolean;
}

/** The file of results that a run came with. */
export interface ImportedFrom {
  readonly file: string;
  readonly atMs: number;
}

export interface RunRecord {
  readonly id: string;
  readonly name: string;
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEntry[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /**
   * Place in lists: a run that is begun or continued gets the next number of this database. Clocks are set back, this is
   * not. Storage alone writes it.
   */
  readonly order?: number;
  readonly phase: StoredPhase;
  readonly step: number;
  readonly device: DeviceReport | null;
  /** SHA-256 of the data set's bytes: the repro card's first half; the second is the code version. */
  readonly datasetHash: string;
  readonly codeVersion: string;
  /** Image numbers [first, last) the run uses, where it started on caches that were not complete; absent: all. */
  readonly imageRanges?: readonly ImageRange[];
  /** It repeats the images of another run's timeline, step by step, and takes in no others. */
  readonly repeats?: boolean;
  /** Of a fork: the state it was begun from. */
  readonly parent?: ForkOrigin;
  /** Kept on top of lists. */
  readonly pinned?: boolean;
  /** Absent: a run of an earlier version, not shown beside others yet. */
  readonly look?: RunLook;
  /** Absent: begun here. */
  readonly imported?: ImportedFrom;
  /** Deleted by the user, and not yet from the disk: deleting can be undone. */
  readonly deletedAtMs?: number;
}

/** Image numbers `first` (included) to `last` (not included). */
export type ImageRange = readonly [first: number, last: number];

/** Logged points are append-only: a chunk is added, never rewritten. */
export type LogRecord =
  | ({
      readonly id?: number;
      readonly runId: string;
      readonly kind: "steps";
    } & StepRows)
  | {
      readonly id?: number;
      readonly runId: string;
      readonly kind: "measurement";
      readonly measurement: Measurement;
    };

export interface GridRecord extends SampleGrid {
  readonly runId: string;
}

/** One piece of a checkpoint's file. */
export interface StatePart {
  /** Its length. */
  readonly bytes: number;
  /** SHA-256 of its bytes, hex; checked before they are used. */
  readonly sha256: string;
}

/**
 * What a checkpoint is, without its bytes: these lie in `stateParts`, and are written with it or not at all. Joined, they
 * are a safetensors file: parameters, EMA, optimiser moments, step, timeline (src/engine/training/checkpoint.ts).
 */
export interface CheckpointHead {
  readonly runId: string;
  readonly step: number;
  /** Length of the whole file. */
  readonly bytes: number;
  readonly createdAtMs: number;
  /** Kept until the user says otherwise, whatever the run stores after it. */
  readonly pinned: boolean;
  /** Stored between those by steps: kept only while it is the newest. */
  readonly interim?: boolean;
  /**
   * A fork may begin here: it was stored before a live change, or the run was forked from it. Kept, whatever else it is,
   * while there is room in the budget (checkpointBudget.ts).
   */
  readonly forkPoint?: boolean;
  /** In order. One of a database of version 4 is a single part, however long. */
  readonly parts: readonly StatePart[];
}

export interface StatePartRecord {
  readonly runId: string;
  readonly step: number;
  /** Its place in `CheckpointHead.parts`. */
  readonly part: number;
  readonly bytes: ArrayBuffer;
}

/** A run's steps thinned out, for lists of many runs: the whole log is in `log`. */
export interface SeriesRecord {
  readonly runId: string;
  /** A power of two; the points are the logged steps that are multiples of it. */
  readonly stride: number;
  /** By step, at most `MOST_POINTS` (series.ts). */
  readonly points: readonly StepPoint[];
  /**
   * Two rows for each multiple of the stride, from it to the next: the lowest and the highest value of every column. Absent
   * while every logged step is among the points.
   */
  readonly extremes?: StepRows;
}

/** Facts about this machine, by key. Whoever reads a value checks it. */
export interface SettingRecord {
  readonly key: string;
  readonly value: unknown;
}

/** An imported data set, whole or partly imported. */
export interface DatasetRecord {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  /** SHA-256 of the source's listing: a cut import goes on only over the same one. */
  readonly fingerprint: string;
  readonly resolution: number;
  /** As asked for; null takes every image. */
  readonly limit: number | null;
  /** A folder the browser may be asked for again; null for every other source. */
  readonly handle: FileSystemDirectoryHandle | null;
  /** Items of the listing that are used up, skipped ones too. */
  readonly consumed: number;
  readonly images: number;
  readonly shards: number;
  readonly bytes: number;
  readonly skippedCount: number;
  readonly skipped: readonly SkippedImage[];
  /** Classes in the order they were met; shards count in them. */
  readonly foundClasses: readonly string[];
  /** As asked for, and what is told of the images; older versions wrote none of these. */
  readonly split?: string;
  readonly orientation?: "stored" | "exif";
  readonly classes?: ClassChanges;
  readonly facts?: Readonly<Record<string, { readonly count: number; readonly first: string }>>;
  readonly notes?: readonly string[];
  /** Null until every image is there. */
  readonly complete: {
    readonly hash: string;
    readonly classNames: readonly string[];
    readonly classCounts: readonly number[];
  } | null;
  readonly createdAtMs: number;
}

/** What a shard of images holds; read without its bytes. */
export interface ImageListRecord {
  readonly datasetId: string;
  readonly shard: number;
  /** Where each PNG ends in the shard's bytes. */
  readonly ends: Uint32Array;
  /** Of each image, a position in `DatasetRecord.foundClasses`. */
  readonly classes: Uint32Array;
  /** SHA-256 of each image's RGB bytes, [images, 32]. */
  readonly digests: Uint8Array;
  /** SHA-256 of the shard's bytes, hex; checked before they are used. */
  readonly sha256: string;
}

/** PNG squares one after another. Written with its list, or not at all. */
export interface ImageShardRecord {
  readonly datasetId: string;
  readonly shard: number;
  readonly bytes: ArrayBuffer;
}

/** A file of weights, whole or in part, and how far its download is. */
export interface WeightsRecord {
  /** `hubFileKey` of the file. */
  readonly key: string;
  readonly repo: string;
  /** As it was asked for. */
  readonly revision: string;
  /** The one that was fetched; null for a file given by hand. */
  readonly commit: string | null;
  readonly file: string;
  readonly licence: Licence;
  /** Of the whole file, as its owner has it. */
  readonly bytes: number;
  /** Of the whole file, hex: what the hub says or, given by hand, what it is; null when unknown. */
  readonly sha256: string | null;
  /** True when the file was complete and its checksum was the expected one. */
  readonly verified: boolean;
  readonly precision: WeightsSummary["precision"];
  readonly rounding: WeightsSummary["rounding"];
  /** Tensors that are kept; `begin` and `end` count as the chunks do. */
  readonly tensors: readonly SafetensorsEntry[];
  /** Names of the file's other tensors. */
  readonly leftOut: readonly string[];
  /** Where each chunk lies: in the file, or one after another once converted to float16. */
  readonly chunks: readonly ByteRange[];
  /** Whether the chunks are the whole file. */
  readonly whole: boolean;
  readonly createdAtMs: number;
  readonly complete: boolean;
}

/** Part of a file of weights. Written whole or not at all. */
export interface WeightChunkRecord {
  /** `chunksKey` of the weights (src/common/storage/weights.ts). */
  readonly weightsKey: string;
  readonly index: number;
  readonly bytes: ArrayBuffer;
  /** SHA-256 of `bytes`, hex; checked before a chunk is used. */
  readonly sha256: string;
}

export interface StudioDb extends DBSchema {
  caches: { key: string; value: CacheRecord };
  shards: { key: [cacheKey: string, shard: number]; value: ShardRecord };
  runs: { key: string; value: RunRecord; indexes: { byCreatedAt: number; byOrder: number } };
  log: {
    key: number;
    value: LogRecord;
    indexes: { byRun: string; byRunKind: [runId: string, kind: LogRecord["kind"]] };
  };
  series: { key: string; value: SeriesRecord };
  grids: { key: [runId: string, step: number]; value: GridRecord };
  checkpoints: { key: [runId: string, step: number]; value: CheckpointHead };
  stateParts: { key: [runId: string, step: number, part: number]; value: StatePartRecord };
  settings: { key: string; value: SettingRecord };
  datasets: { key: string; value: DatasetRecord };
  imageLists: { key: [datasetId: string, shard: number]; value: ImageListRecord };
  images: { key: [datasetId: string, shard: number]; value: ImageShardRecord };
  weights: { key: string; value: WeightsRecord };
  weightChunks: { key: [weightsKey: string, index: number]; value: WeightChunkRecord };
  /** Indexed by the run they are about; those about a file or an encoder have none. */
  analyses: { key: string; value: StoredAnalysis; indexes: { byRun: string } };
}

export type Database = IDBPDatabase<StudioDb>;
