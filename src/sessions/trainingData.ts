import { encoderRow } from "../catalogue/encoders";
import type { EncoderId, Experiment } from "../config/experiment";
import { gridSide } from "../config/sizes";
import type { ImageDataset } from "../data/dataset";
import { loadEmoji } from "../data/emoji";
import type { LoadedAutoencoder } from "../encoders/loadAutoencoder";
import { StudioError } from "../errors/studioError";
import { readRows, type CacheSpec } from "../storage/caches";
import type { Database } from "../storage/db";
import type { BatchSource, CachedRows } from "../training/batch";
import { gatherRows } from "../training/batch";
import { featuresSpec, latentsSpec } from "./cacheSpecs";
import type { SessionEnvironment } from "./environment";

/** Everything a run reads from its caches, in memory as float16. */
export interface TrainingData {
  readonly dataset: ImageDataset;
  readonly source: BatchSource;
  /** Image numbers of the held-out images that are measured. */
  readonly heldOutImages: Uint32Array;
  /** Tokens of an encoder [grid², width] by row; read from storage at the first call. */
  readonly features: (encoder: EncoderId) => Promise<FeatureRowsSource>;
}

export interface FeatureRowsSource extends CachedRows {
  readonly tokens: number;
  readonly width: number;
}

async function readCache(db: Database, spec: CacheSpec, rows: number): Promise<CachedRows> {
  const found = await readRows(db, spec, rows);
  if ("rows" in found) return { values: found.rows, rowLength: spec.rowLength };
  throw new StudioError(
    "CACHE_MISSING",
    `${spec.label}: ${found.absent.length} of its shards are missing or damaged (first: ${found.absent[0] ?? 0}).`,
    "Press Train again: what is missing is computed, the rest is kept.",
  );
}

/** Reads latents now and features when they are asked for. @throws StudioError CACHE_MISSING */
export async function loadTrainingData(
  environment: SessionEnvironment,
  db: Database,
  experiment: Experiment,
  autoencoder: LoadedAutoencoder,
): Promise<TrainingData> {
  const dataset = await loadEmoji(environment.readDataFile, experiment.data);
  const latents = await readCache(db, latentsSpec(dataset, autoencoder), dataset.size);
  const grid = gridSide(experiment);
  const loaded = new Map<EncoderId, Promise<FeatureRowsSource>>();
  const loadFeatures = async (id: EncoderId): Promise<FeatureRowsSource> => {
    const row = encoderRow(id);
    const cached = await readCache(db, featuresSpec(dataset, row, grid), dataset.size);
    return { ...cached, tokens: grid * grid, width: row.width };
  };
  return {
    dataset,
    source: {
      latents,
      latentScale: autoencoder.scalingFactor,
      trainImages: dataset.trainIndices,
      labels: Int32Array.from({ length: dataset.size }, (_, image) => dataset.labelOf(image)),
      nullLabel: dataset.classNames.length,
    },
    heldOutImages: spread(dataset.heldOutIndices, experiment.evaluation.heldOutCount),
    features: (id) => {
      const known = loaded.get(id);
      if (known) return known;
      const reading = loadFeatures(id);
      // a failed read is not remembered: the cache may be filled and asked for again
      reading.catch(() => loaded.delete(id));
      loaded.set(id, reading);
      return reading;
    },
  };
}

/** At most `count` of the values, evenly spaced: the order of the data must not choose what is measured. */
function spread(values: Uint32Array, count: number): Uint32Array {
  const kept = Math.min(count, values.length);
  return Uint32Array.from(
    { length: kept },
    (_, i) => values[Math.floor((i * values.length) / kept)] ?? 0,
  );
}

/** Mean over tokens of some rows: [rows.length, width]. */
export function tokenMeans(features: FeatureRowsSource, rows: ArrayLike<number>): Float32Array {
  const { tokens, width } = features;
  const values = gatherRows(features, rows);
  const out = new Float32Array(rows.length * width);
  for (let row = 0; row < rows.length; row++) {
    for (let channel = 0; channel < width; channel++) {
      let sum = 0;
      for (let token = 0; token < tokens; token++)
        sum += values[(row * tokens + token) * width + channel] ?? 0;
      out[row * width + channel] = sum / tokens;
    }
  }
  return out;
}
