import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Raised when the same files would give other images or another order. */
const LAYOUT_VERSION = 1;
/** Bytes of a SHA-256. */
export const DIGEST_BYTES = 32;

/** Images one after another, as a shard holds them. */
export interface HashedImages {
  readonly labels: ArrayLike<number>;
  /** SHA-256 of each image's RGB bytes: [labels.length, 32]. */
  readonly digests: Uint8Array;
}

/**
 * SHA-256, hex, of everything that decides a data set's images and their order: side, class names and, image by
 * image, its label and the SHA-256 of its pixels. How they are packed does not count.
 */
export function contentHash(
  { resolution, classNames }: { resolution: number; classNames: readonly string[] },
  images: Iterable<HashedImages>,
): string {
  const hash = sha256.create();
  hash.update(
    new TextEncoder().encode(JSON.stringify(["images", LAYOUT_VERSION, resolution, classNames])),
  );
  const label = new Uint8Array(4);
  for (const { labels, digests } of images) {
    for (let image = 0; image < labels.length; image++) {
      new DataView(label.buffer).setUint32(0, labels[image] ?? 0, true);
      hash.update(label);
      hash.update(digests.subarray(image * DIGEST_BYTES, (image + 1) * DIGEST_BYTES));
    }
  }
  return bytesToHex(hash.digest());
}
