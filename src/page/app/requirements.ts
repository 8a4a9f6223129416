/** Something of the browser that the page cannot do without. */
export interface Requirement {
  /** As the web names it. */
  readonly name: string;
  /** What the studio needs it for. */
  readonly what: string;
}

/** What of a window is looked at; optional, because browsers leave it out where a page is not served securely. */
export interface BrowserParts {
  readonly crypto?: { readonly randomUUID?: unknown; readonly subtle?: unknown };
  readonly navigator: { readonly storage?: unknown; readonly locks?: unknown };
  readonly indexedDB?: unknown;
  readonly Worker?: unknown;
  readonly WebAssembly?: unknown;
}

type Check = Requirement & { readonly isThere: (parts: BrowserParts) => boolean };

const CHECKS: readonly Check[] = [
  {
    name: "crypto.subtle",
    what: "checksums of caches, checkpoints and weights",
    isThere: ({ crypto }) => crypto?.subtle !== undefined,
  },
  {
    name: "crypto.randomUUID",
    what: "names of runs",
    isThere: ({ crypto }) => crypto?.randomUUID !== undefined,
  },
  {
    name: "navigator.storage",
    what: "how much can be stored",
    isThere: ({ navigator }) => navigator.storage !== undefined,
  },
  {
    name: "navigator.locks",
    what: "two tabs that do not write the same run",
    isThere: ({ navigator }) => navigator.locks !== undefined,
  },
  {
    name: "IndexedDB",
    what: "runs, caches and checkpoints",
    isThere: ({ indexedDB }) => indexedDB !== undefined && indexedDB !== null,
  },
  {
    name: "Web Workers",
    what: "training beside the page",
    isThere: ({ Worker }) => Worker !== undefined,
  },
  {
    name: "WebAssembly",
    what: "training without a GPU",
    isThere: ({ WebAssembly }) => WebAssembly !== undefined,
  },
];

/** What this browser, or the way the page is served, lacks; empty where the studio can run. */
export const missingParts = (parts: BrowserParts): readonly Requirement[] =>
  CHECKS.filter(({ isThere }) => !isThere(parts)).map(({ name, what }) => ({ name, what }));
