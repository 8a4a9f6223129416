import { featureSpaceWidth, type FeatureSpaceId } from "../../common/catalogue/featureSpaces";
import type { Experiment } from "../../common/config/experiment";
import { gridSide } from "../../common/config/sizes";
import type { ImageDataset } from "../../sources/data/dataset";
import type { LoadedAutoencoder } from "../../engine/encoders/loadAutoencoder";
import type { CacheSpec } from "../../common/storage/caches";
import type { Database, ImageRange } from "../../common/storage/db";
import type { BatchSource, RowSource } from "../../engine/training/batch";
import { latentsSpec, spaceSpec } from "../caches/cacheSpecs";
import { within } from "../caches/imageRanges";
import { createShardMemory, openShardedRows, type ShardMemory } from "../caches/shardedRows";

/** Everything a run reads from its caches. */
export interface TrainingData {
  readonly dataset: ImageDataset;
  readonly source: BatchSource;
  /** Image numbers of the held-out images that are measured. */
  readonly heldOutImages: Uint32Array;
  /** Image numbers of all of them. */
  readonly allHeldOut: Uint32Array;
  /**
   * Tokens of an encoder [grid², width] by row, or Inception's vectors [1, 2048]. A cache is opened at the
   * first call.
   */
  readonly features: (space: FeatureSpaceId) => Promise<FeatureRowsSource>;
}

export interface FeatureRowsSource extends RowSource {
  readonly tokens: number;
  readonly width: number;
}

/** Float16 rows a run keeps in memory; what does not fit is read again from storage. */
const MEMORY_BYTES = 2 ** 30;
export const createDataMemory = (): ShardMemory => createShardMemory(MEMORY_BYTES);

/** Rows averaged at once. It bounds the memory needed. */
const CHUNK = 256;

/** What the data of a run is opened with. */
interface RunImages {
  readonly dataset: ImageDataset;
  readonly autoencoder: Pick<
    LoadedAutoencoder,
    "id" | "version" | "side" | "channels" | "scalingFactor"
  >;
  /** The images the run uses; undefined: all of them. */
  readonly ranges: readonly ImageRange[] | undefined;
  /** The images whose rows must be there by now; absent, all that the run uses. */
  readonly checked?: readonly ImageRange[];
  /** Memory for rows, shared by data that is open at the same time; absent, a new one. */
  readonly memory?: ShardMemory;
}

/** Opens latents now and features at their first use. @throws StudioError CACHE_MISSING */
export async function loadTrainingData(
  db: Database,
  experiment: Experiment,
  { dataset, autoencoder, ranges, checked, memory = createDataMemory() }: RunImages,
): Promise<TrainingData> {
  const used = ranges ?? [[0, dataset.size]];
  const open = (spec: CacheSpec) =>
    openShardedRows(db, spec, { total: dataset.size, ranges: checked ?? used, memory });
  const latents = await open(latentsSpec(dataset, autoencoder));
  const grid = gridSide(experiment);
  const loaded = new Map<FeatureSpaceId, Promise<FeatureRowsSource>>();
  const loadFeatures = async (id: FeatureSpaceId): Promise<FeatureRowsSource> => {
    const rows = await open(spaceSpec(dataset, id, grid));
    const width = featureSpaceWidth(id);
    return { ...rows, tokens: rows.rowLength / width, width };
  };
  const heldOut = within(dataset.heldOutIndices, used);
  return {
    dataset,
    source: {
      latents,
      latentScale: autoencoder.scalingFactor,
      trainImages: within(dataset.trainIndices, used),
      labels: Int32Array.from({ length: dataset.size }, (_, image) => dataset.labelOf(image)),
      nullLabel: dataset.classNames.length,
    },
    heldOutImages: spread(heldOut, experiment.evaluation.heldOutCount),
    allHeldOut: heldOut,
    features: (id) => {
      const known = loaded.get(id);
      if (known) return known;
      const reading = loadFeatures(id);
      // a failed read is not kept: the cache may be filled and read again
      reading.catch(() => loaded.delete(id));
      loaded.set(id, reading);
      return reading;
    },
  };
}

/** At most `count` of the values, evenly spaced: data sets are often sorted by class. */
export function spread(values: Uint32Array, count: number): Uint32Array {
  const kept = Math.min(count, values.length);
  return Uint32Array.from(
    { length: kept },
    (_, i) => values[Math.floor((i * values.length) / kept)] ?? 0,
  );
}

/** Mean over tokens of some rows: [rows.length, width]. */
export async function tokenMeans(
  features: FeatureRowsSource,
  rows: Uint32Array,
): Promise<Float32Array> {
  const { tokens, width } = features;
  const out = new Float32Array(rows.length * width);
  for (let first = 0; first < rows.length; first += CHUNK) {
    const values = await features.gather(rows.subarray(first, first + CHUNK));
    const count = values.length / (tokens * width);
    for (let row = 0; row < count; row++) {
      for (let channel = 0; channel < width; channel++) {
        let sum = 0;
        for (let token = 0; token < tokens; token++)
          sum += values[(row * tokens + token) * width + channel] ?? 0;
        out[(first + row) * width + channel] = sum / tokens;
      }
    }
  }
  return out;
}
