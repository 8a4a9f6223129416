import type { Experiment, ImportedData } from "../../common/config/experiment";
import { heldOutGroups } from "../../common/config/holdOut";
import type { ImageDataset } from "../../sources/data/dataset";
import { StudioError } from "../../common/errors/studioError";
import { decodePngSquare } from "../../common/formats/png";
import { sha256Hex } from "../../common/formats/sha256";
import { randomPermutation } from "../../common/math/rng";
import { datasetByHash, imageLists, readImageShard } from "../../common/storage/datasets";
import type { Database, DatasetRecord, ImageListRecord } from "../../common/storage/db";

const CHANNELS = 3;
/** Shards kept unpacked from storage, about 4 MB each: images are read in order, or a few at a time. */
const KEPT_SHARDS = 8;

/** Which images are used, ascending, and which of them are held out; every run splits the same way. */
function splitImages(count: number, config: Experiment["data"]) {
  // the seed is fixed, as it is for the built-in images: every run is measured on the same ones
  const order = randomPermutation({ seed: 0, stream: "imported/hold-out" }, count);
  const heldOut = heldOutGroups(count, config.holdOutFraction);
  const train =
    config.imageLimit === 0 ? count - heldOut : Math.min(config.imageLimit, count - heldOut);
  return {
    used: order.slice(0, heldOut + train).sort(),
    heldOut: new Set(order.subarray(0, heldOut)),
  };
}

/** Where each stored image lies. */
interface Places {
  readonly shardOf: Uint32Array;
  readonly beginOf: Uint32Array;
  readonly endOf: Uint32Array;
  readonly labels: Uint32Array;
}

function placesOf(record: DatasetRecord, lists: readonly ImageListRecord[]): Places {
  const numberOf = new Map(record.complete?.classNames.map((name, number) => [name, number]));
  const labelOf = record.foundClasses.map((name) => numberOf.get(name) ?? 0);
  const column = () => new Uint32Array(record.images);
  const [shardOf, beginOf, endOf, labels] = [column(), column(), column(), column()];
  let image = 0;
  lists.forEach(({ ends, classes }, shard) => {
    ends.forEach((end, i) => {
      shardOf[image] = shard;
      beginOf[image] = i === 0 ? 0 : (ends[i - 1] ?? 0);
      endOf[image] = end;
      labels[image] = labelOf[classes[i] ?? 0] ?? 0;
      image += 1;
    });
  });
  return { shardOf, beginOf, endOf, labels };
}

/** Reads shards and keeps those used last. */
function shardReader(db: Database, record: DatasetRecord, lists: readonly ImageListRecord[]) {
  const kept = new Map<number, Promise<Uint8Array>>();
  return (shard: number): Promise<Uint8Array> => {
    const list = lists[shard];
    if (!list) return Promise.reject(new RangeError(`no shard ${shard}`));
    const reading = kept.get(shard) ?? readImageShard(db, record, list);
    // a failed read is not remembered: the data set may be imported again
    reading.catch(() => kept.delete(shard));
    kept.delete(shard); // and in again as the newest
    kept.set(shard, reading);
    const [oldest] = kept.keys();
    if (kept.size > KEPT_SHARDS && oldest !== undefined) kept.delete(oldest);
    return reading;
  };
}

const missing = ({ hash, source, images, resolution }: ImportedData) =>
  new StudioError(
    "DATASET_MISSING",
    `The images this experiment names (${source}, ${images} at ${resolution} px, ${hash.slice(0, 12)}…) are not in this browser.`,
    source.startsWith("hub:")
      ? `Open Data and import ${source.slice("hub:".length)} at ${resolution} px.`
      : `Open Data and import the same files (${source}) at ${resolution} px: the same files give the same data set.`,
  );

/** The whole data set's hash, or that of the part that is used: caches of one must not pass for the other's. */
const hashOf = async (whole: string, count: number, used: Uint32Array): Promise<string> =>
  used.length === count ? whole : sha256Hex(new TextEncoder().encode(`${whole} ${used.join(",")}`));

/**
 * Imported images as a data set. A fixed share is held out by a fixed permutation; `imageLimit` shortens the training
 * side and never the held-out side. Images are read from the open database when they are asked for.
 *
 * @throws StudioError DATASET_MISSING naming the source and how to get it; CHECKSUM_MISMATCH for damaged storage
 */
export async function openImportedDataset(
  db: Database,
  config: Experiment["data"],
): Promise<ImageDataset> {
  const { imported } = config;
  if (!imported) {
    throw new StudioError(
      "DATASET_MISSING",
      "The experiment says its images are imported, and names none.",
      "Open Data and choose imported images, or the built-in ones.",
    );
  }
  const record = await datasetByHash(db, imported.hash);
  if (!record?.complete) throw missing(imported);
  const lists = await imageLists(db, record);
  const { shardOf, beginOf, endOf, labels } = placesOf(record, lists);
  const { used, heldOut } = splitImages(record.images, config);
  const shardBytes = shardReader(db, record, lists);
  const { resolution } = record;

  const stored = (image: number): number => {
    const place = used[image];
    if (place === undefined) {
      throw new StudioError(
        "OUT_OF_RANGE",
        `There is no image ${image}: "${record.name}" has ${used.length}.`,
        "Ask for images numbered from 0 to the data set's size less one.",
      );
    }
    return place;
  };
  const all = Uint32Array.from({ length: used.length }, (_, image) => image);
  const isHeldOut = (image: number) => heldOut.has(stored(image));
  const imageBytes = resolution * resolution * CHANNELS;
  return {
    id: record.id,
    hash: await hashOf(record.complete.hash, record.images, used),
    size: used.length,
    resolution,
    classNames: record.complete.classNames,
    labelOf: (image) => labels[stored(image)] ?? 0,
    groupOf: stored,
    trainIndices: all.filter((image) => !isHeldOut(image)),
    heldOutIndices: all.filter(isHeldOut),
    readRgb: async (indices) => {
      const places = Array.from(indices, stored);
      const out = new Uint8Array(places.length * imageBytes);
      for (const [row, place] of places.entries()) {
        const bytes = await shardBytes(shardOf[place] ?? 0);
        const png = bytes.subarray(beginOf[place], endOf[place]);
        out.set(await decodePngSquare(png, resolution), row * imageBytes);
      }
      return out;
    },
  };
}
