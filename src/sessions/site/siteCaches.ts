import { sha256Hex } from "../../common/formats/sha256";
import type { Site, SiteFile } from "../../common/protocol/site";

/** What the service worker needs of its surroundings. */
export interface SitePlace {
  readonly site: Site;
  /** Address of the site's folder, with its last slash. */
  readonly base: string;
  readonly caches: CacheStorage;
  readonly fetch: (address: string, init: RequestInit) => Promise<Response>;
  /** A page's request, as it is. */
  readonly fetchRequest: (request: Request) => Promise<Response>;
}

/** Caches of other origins' pages below the same host, and the studio's other caches, have other names. */
const PREFIX = "repa-studio-site/";
/** Stored with each file, so that the next version takes over what did not change. */
const CHECKSUM_HEADER = "X-Site-Sha256";
/** A name no file has: it is stored last, when everything is here. */
const COMPLETE = "complete";
/** For one file, of which the largest has 2 MB. */
const FILE_MS = 120_000;

/** Two copies of the site on one host (/a/ and /b/) share the browser's caches; their addresses tell them apart. */
const cacheName = ({ site, base }: SitePlace): string => `${PREFIX}${base} ${site.version}`;
const isOurs = ({ base }: SitePlace, name: string): boolean => name.startsWith(`${PREFIX}${base} `);
const addressOf = ({ base }: SitePlace, path: string): string => new URL(path, base).href;

/** Names of this site's caches, this version's first. */
async function cacheNames(place: SitePlace): Promise<string[]> {
  const own = cacheName(place);
  const names = (await place.caches.keys()).filter((name) => isOurs(place, name));
  return names.includes(own) ? [own, ...names.filter((name) => name !== own)] : names;
}

/** Whether every file of this version is stored. */
export async function isKept(place: SitePlace): Promise<boolean> {
  const marker = addressOf(place, COMPLETE);
  return (await place.caches.match(marker, { cacheName: cacheName(place) })) !== undefined;
}

/** Whether another version is kept: then a new one is to be kept as well. */
export async function isAnyKept(place: SitePlace): Promise<boolean> {
  const marker = addressOf(place, COMPLETE);
  for (const name of await cacheNames(place)) {
    if (await place.caches.match(marker, { cacheName: name })) return true;
  }
  return false;
}

/**
 * A stored file: of this version once it is kept, and after that of any other. Names of built files hold a checksum, so one
 * of an older version is asked for by a page of that version, in another tab.
 */
export async function storedFile(place: SitePlace, path: string): Promise<Response | undefined> {
  const own = cacheName(place);
  const isNamedByContent = path.startsWith("assets/");
  const kept = await isKept(place); // in part it would mix with a newer version from the network
  for (const name of await cacheNames(place)) {
    if (!isNamedByContent && !(name === own && kept)) continue;
    const found = await place.caches.match(addressOf(place, path), { cacheName: name });
    if (found) return found;
  }
  return undefined;
}

/** The same bytes under another version, if they are stored. */
async function unchanged(place: SitePlace, { path, sha256 }: SiteFile) {
  for (const name of await cacheNames(place)) {
    const found = await place.caches.match(addressOf(place, path), { cacheName: name });
    if (found?.headers.get(CHECKSUM_HEADER) === sha256) return found;
  }
  return undefined;
}

async function fetched(place: SitePlace, { path, sha256, bytes }: SiteFile): Promise<Response> {
  const address = addressOf(place, path === "index.html" ? "./" : path);
  const signal = AbortSignal.timeout(FILE_MS);
  const response = await place.fetch(address, { cache: "no-cache", signal });
  if (!response.ok) throw new Error(`${path}: the server responded with ${response.status}`);
  const body = new Uint8Array(await response.arrayBuffer());
  const found = await sha256Hex(body);
  if (found !== sha256) {
    throw new Error(
      `${path} is of another version (${body.length} bytes with SHA-256 ${found.slice(0, 12)}…, expected ${bytes} with ${sha256.slice(0, 12)}…)`,
    );
  }
  const headers = new Headers({ [CHECKSUM_HEADER]: sha256 });
  const type = response.headers.get("Content-Type");
  if (type) headers.set("Content-Type", type);
  return new Response(body, { headers });
}

/**
 * Stores every file of this version that is not stored yet, one after the other; a second call goes on where the first was
 * cut. Bytes that a kept older version has are not fetched again.
 * @throws what the network, the checksum or the storage says, naming the file
 */
export async function keepSite(
  place: SitePlace,
  onProgress: (doneBytes: number) => void = () => undefined,
): Promise<void> {
  const cache = await place.caches.open(cacheName(place));
  let doneBytes = 0;
  for (const file of place.site.files) {
    const response = (await unchanged(place, file)) ?? (await fetched(place, file));
    await cache.put(addressOf(place, file.path), response);
    doneBytes += file.bytes;
    onProgress(doneBytes);
  }
  await cache.put(addressOf(place, COMPLETE), new Response(place.site.version));
}

/** Deletes what is stored of every version. */
export async function forgetSite(place: SitePlace): Promise<void> {
  for (const name of await cacheNames(place)) await place.caches.delete(name);
}

/** Deletes what is stored of other versions; for when no page of theirs is open. */
export async function dropOldVersions(place: SitePlace): Promise<void> {
  const own = cacheName(place);
  for (const name of await cacheNames(place)) {
    if (name !== own) await place.caches.delete(name);
  }
}
