/** A file of the built site. */
export interface SiteFile {
  /** Below the site's folder: "assets/index-1234.js". */
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** One build of the site, as the build writes it into the service worker. */
export interface Site {
  /** The first 12 hex digits of the SHA-256 over all files; differs where any byte differs. */
  readonly version: string;
  /** Everything the page may ask for, the page itself as "index.html". */
  readonly files: readonly SiteFile[];
  /** What the service worker adds to every response: isolation and the content policy. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How a build is called and what keeping it takes; `site.json` beside the page, for those without a service worker yet. */
export interface SiteFacts {
  readonly version: string;
  readonly bytes: number;
}

/** What `site.json` says; null for whatever else a host answers with, as some do with a page for every address. */
export function siteFactsIn(json: unknown): SiteFacts | null {
  if (typeof json !== "object" || json === null || !("version" in json) || !("bytes" in json)) {
    return null;
  }
  const { version, bytes } = json;
  const sound = typeof version === "string" && typeof bytes === "number" && bytes >= 0;
  return sound ? { version, bytes } : null;
}

/** What is kept of the version a service worker serves. */
export interface SiteState extends SiteFacts {
  /** Every file is here: the page opens without a network. */
  readonly kept: boolean;
}

/** What the page asks the service worker; the replies come over the port that is sent along. */
export type SiteRequest =
  | { readonly type: "state" }
  /** Stores every file. */
  | { readonly type: "keep" }
  /** Deletes every stored file, of all versions. */
  | { readonly type: "forget" }
  /** To a waiting worker: take over now. There is no reply. */
  | { readonly type: "take" };

export type SiteReply =
  | { readonly type: "progress"; readonly doneBytes: number; readonly bytes: number }
  | { readonly type: "state"; readonly state: SiteState }
  | { readonly type: "failed"; readonly message: string };
