import { encodePng } from "../../common/formats/png";
import { DIGEST_BYTES } from "./contentHash";
import { withFacts, type FactCounts } from "./factNotes";
import type { ImageCodec, Orientation } from "./imageCodec";
import type { ImageFact } from "./imageFacts";
import { badDataset, type ImageSource, type SourceImage } from "./imageSource";
import { inOrder } from "./inOrder";
import { readSquare, type SquareOptions } from "./readSquare";
import type { LeftOut } from "./sourceFile";

/** One record of storage: small enough that a cut costs seconds, large enough that there are not many. */
const SHARD_BYTES = 4 * 2 ** 20;
/** Images read and decoded at once; a large one takes a quarter of a gigabyte. */
const AHEAD = 4;
/** Skipped images that are listed; the others are counted. */
const MAX_LISTED = 200;

/** How far an import is: what a second call goes on from. */
export interface ImportState {
  /** Items of the listing that are used up, skipped ones too. */
  readonly consumed: number;
  readonly images: number;
  readonly skippedCount: number;
  readonly skipped: readonly LeftOut[];
  /** Classes in the order they were met; `ImageShard.classes` counts in them. */
  readonly foundClasses: readonly string[];
  /** What is to be told of how images were read. */
  readonly facts: FactCounts;
}

export const NOTHING_IMPORTED: ImportState = {
  consumed: 0,
  images: 0,
  skippedCount: 0,
  skipped: [],
  foundClasses: [],
  facts: {},
};

/** Squares that are stored together. */
export interface ImageShard {
  readonly pngs: readonly Uint8Array[];
  /** Of each image, a position in `ImportState.foundClasses`. */
  readonly classes: readonly number[];
  /** SHA-256 of each image's RGB bytes. */
  readonly digests: readonly Uint8Array[];
}

export interface ImportProgress extends ImportState {
  /** Bytes read since this call. */
  readonly readBytes: number;
}

export interface ImportRequest {
  readonly source: ImageSource;
  readonly codec: ImageCodec;
  /** Side of the squares, px. */
  readonly resolution: number;
  /** Absent: as the pixels are stored. */
  readonly orientation?: Orientation | undefined;
  /** Stop after this many images. */
  readonly limit?: number | undefined;
  /** Where an earlier call was cut; `NOTHING_IMPORTED` at first. */
  readonly from: ImportState;
  /** Keeps a shard together with how far the import is then, or neither; null: only the latter. */
  readonly store: (shard: ImageShard | null, state: ImportState) => Promise<void>;
  /** After each image: shows progress, lets messages in, throws to cancel. */
  readonly between: (progress: ImportProgress) => Promise<void>;
}

interface Prepared {
  readonly name: string;
  readonly className: string;
  readonly png: Uint8Array;
  readonly digest: Uint8Array;
  readonly readBytes: number;
  readonly facts: readonly ImageFact[];
}

/** Reads, decodes, crops and packs one image, or says why it is left out. */
async function prepare(image: SourceImage, options: SquareOptions): Promise<Prepared | LeftOut> {
  const square = await readSquare(image, options);
  if ("reason" in square) return square;
  const { name, className, rgb, readBytes, facts } = square;
  const { resolution } = options;
  const [png, digest] = await Promise.all([
    encodePng({ width: resolution, height: resolution, rgb }),
    crypto.subtle.digest("SHA-256", rgb),
  ]);
  return { name, className, png, digest: new Uint8Array(digest), readBytes, facts };
}

/** The state with one more image of a class, which may be new. */
function counted(state: ImportState, className: string): [ImportState, number] {
  const known = state.foundClasses.indexOf(className);
  const foundClasses = known >= 0 ? state.foundClasses : [...state.foundClasses, className];
  const next = { ...state, consumed: state.consumed + 1, images: state.images + 1, foundClasses };
  return [next, known >= 0 ? known : foundClasses.length - 1];
}

const passedOver = (state: ImportState, { name, reason }: LeftOut): ImportState => ({
  ...state,
  consumed: state.consumed + 1,
  skippedCount: state.skippedCount + 1,
  skipped: state.skipped.length < MAX_LISTED ? [...state.skipped, { name, reason }] : state.skipped,
});

interface OpenShard {
  readonly pngs: Uint8Array[];
  readonly classes: number[];
  readonly digests: Uint8Array[];
  bytes: number;
}

const emptyShard = (): OpenShard => ({ pngs: [], classes: [], digests: [], bytes: 0 });

/**
 * Makes squares of a source's images and stores them shard by shard, in the source's order. Broken images are left
 * out, counted and listed. What was stored is never done again: a later call with the stored state goes on from it
 * and ends with the same images as one that was not cut. A call that throws stores what it had ready.
 *
 * @returns how it ended: everything consumed, or `limit` images stored
 * @throws StudioError BAD_DATASET when fewer than two images are good; whatever reading, storing or `between` throw
 */
export async function importImages(request: ImportRequest): Promise<ImportState> {
  const { source, codec, resolution, limit = Infinity, from, store, between } = request;
  const options = { codec, resolution, orientation: request.orientation ?? "stored" };
  let state = from;
  let shard = emptyShard();
  let readBytes = 0;
  const flush = async () => {
    await store(shard.pngs.length > 0 ? shard : null, state);
    shard = emptyShard();
  };
  const prepared = inOrder(source.from(from.consumed), AHEAD, (image) => prepare(image, options));
  const takeAll = async () => {
    for await (const image of prepared) {
      if ("reason" in image) state = passedOver(state, image);
      else {
        const [next, classIndex] = counted(state, image.className);
        state = { ...next, facts: withFacts(next.facts, image.facts, image.name) };
        shard.pngs.push(image.png);
        shard.classes.push(classIndex);
        shard.digests.push(image.digest);
        shard.bytes += image.png.length;
        readBytes += image.readBytes;
      }
      if (shard.bytes >= SHARD_BYTES) await flush();
      await between({ ...state, readBytes });
      if (state.images >= limit) break;
    }
  };
  try {
    if (state.images < limit) await takeAll();
  } catch (error) {
    // finished images are stored; if that fails as well, the first error is the one to report
    if (state.consumed > from.consumed) await flush().catch(() => undefined);
    throw error;
  }
  await flush();
  if (state.images < 2) {
    const [first] = state.skipped;
    throw badDataset(
      `${source.label} has ${state.images} usable images of ${state.consumed}${first ? `; the first left out: ${first.name}, ${first.reason}` : ""}.`,
      "At least two images are needed: choose another source, or repair its files.",
    );
  }
  return state;
}

/** Digests one after another, as they are stored. */
export function joinedDigests(digests: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(digests.length * DIGEST_BYTES);
  digests.forEach((digest, i) => out.set(digest, i * DIGEST_BYTES));
  return out;
}
