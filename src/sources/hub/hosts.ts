/**
 * The model hub's hosts. The page's content policy (vite.config.ts) and the client's own check of where a redirect
 * ended (src/sources/hub/hubClient.ts) read the same list; anything else is refused.
 */
export const HUB_SOURCES = [
  "https://huggingface.co",
  // where large files lie: the hub redirects there with a signed link (cdn-lfs.hf.co, cas-bridge.xethub.hf.co, ...)
  "https://*.hf.co",
  "https://cdn-lfs.huggingface.co",
  "https://cdn-lfs-us-1.huggingface.co",
  "https://cdn-lfs-eu-1.huggingface.co",
  // lists a dataset's parquet files
  "https://datasets-server.huggingface.co",
] as const;

/** Whether `url` is of one of `sources`, each an origin or, with `*.`, every host below one (as a content policy reads them). */
export function isFrom(url: string, sources: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, host: urlHost, hostname, port } = new URL(url);
  return sources.some((source) => {
    const [scheme = "", host = ""] = source.split("://");
    if (!host.startsWith("*.")) return `${protocol}//${urlHost}` === source;
    return protocol === `${scheme}:` && port === "" && hostname.endsWith(host.slice(1));
  });
}

/** Where the hub is. Tests put a local one in its place. */
export interface HubPlaces {
  /** Origin of repositories and their API, without a last slash. */
  readonly hub: string;
  /** Origin of the service that knows datasets' parquet files, without a last slash. */
  readonly datasetsServer: string;
  /** Origins a response may come from, after redirects. */
  readonly sources: readonly string[];
}

export const HUGGING_FACE: HubPlaces = {
  hub: "https://huggingface.co",
  datasetsServer: "https://datasets-server.huggingface.co",
  sources: HUB_SOURCES,
};
