import type { SiteReply, SiteRequest, SiteState } from "../../common/protocol/site";
import { forgetSite, isAnyKept, isKept, keepSite, storedFile, type SitePlace } from "./siteCaches";

/** What the service worker does with the events it gets. */
export interface SiteSession {
  /** A new version is kept before it waits, where an older one is kept. Throws when it cannot be: it is then tried later. */
  readonly install: () => Promise<void>;
  /** The path of a request that this worker answers; undefined for those it leaves alone. */
  readonly pathOf: (request: Pick<Request, "method" | "url">) => string | undefined;
  /** From what is kept, else from the network; with the site's headers in both cases. */
  readonly respond: (request: Request, path: string) => Promise<Response>;
  /** Carries out a request of the page other than "take". Never throws: a failure is a reply. */
  readonly handle: (request: SiteRequest, reply: (reply: SiteReply) => void) => Promise<void>;
}

/** Responses without a body or with one that is not ours to copy are passed on as they are. */
const isOpaque = ({ status, type }: Response): boolean =>
  status === 0 || type === "opaque" || type === "error" || type === "opaqueredirect";

/** Not `new Response(body, response)`: that would keep a redirect's mark, which a navigation refuses. */
function withHeaders(response: Response, added: Readonly<Record<string, string>>): Response {
  if (isOpaque(response)) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(added)) headers.set(name, value);
  const { status, statusText } = response;
  const hasNoBody = [204, 205, 304].includes(status);
  return new Response(hasNoBody ? null : response.body, { status, statusText, headers });
}

/** Serves one version of the site: adds its headers to every response, and keeps it when it is asked to. */
export function createSiteSession(place: SitePlace): SiteSession {
  const { site, base } = place;
  const bytes = site.files.reduce((sum, file) => sum + file.bytes, 0);
  const state = async (): Promise<SiteState> => ({
    version: site.version,
    bytes,
    kept: await isKept(place),
  });
  // one after the other: "forget" while a file is being stored would leave it behind
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
  const work = async (
    { type }: SiteRequest,
    onProgress: (doneBytes: number) => void,
  ): Promise<void> => {
    if (type === "keep") await keepSite(place, onProgress);
    if (type === "forget") await forgetSite(place);
  };

  return {
    install: async () => {
      if (await isAnyKept(place)) await inTurn(() => keepSite(place));
    },
    pathOf: ({ method, url }) => {
      const { origin, pathname } = new URL(url);
      const root = new URL(base);
      if (method !== "GET" || origin !== root.origin) return undefined;
      if (!pathname.startsWith(root.pathname)) return undefined;
      const path = decodeURIComponent(pathname.slice(root.pathname.length));
      return path === "" ? "index.html" : path;
    },
    respond: async (request, path) => {
      const stored = await storedFile(place, path).catch(() => undefined); // storage that fails is no reason to fail
      return withHeaders(stored ?? (await place.fetchRequest(request)), site.headers);
    },
    handle: async (request, reply) => {
      try {
        await inTurn(() =>
          work(request, (doneBytes) => reply({ type: "progress", doneBytes, bytes })),
        );
        reply({ type: "state", state: await state() });
      } catch (thrown) {
        const full = thrown instanceof Error && thrown.name === "QuotaExceededError";
        const message = thrown instanceof Error ? thrown.message : String(thrown);
        reply({ type: "failed", message: full ? `storage is full (${message})` : message });
      }
    },
  };
}
