import { StudioError } from "../errors/studioError";
import type { ReadFile } from "./readFile";

const failed = (url: string, what: string, cause?: unknown) =>
  new StudioError(
    "DOWNLOAD_FAILED",
    `${url} could not be read: ${what}.`,
    "Check the connection and that the studio is served whole, then try again.",
    cause === undefined ? undefined : { cause },
  );

/**
 * A reader of files below `baseUrl` (with or without its last slash), for workers and the page.
 * It throws DOWNLOAD_FAILED, naming the address, when there is no response, or one that is not a success.
 */
export function fetchFile(baseUrl: string): ReadFile {
  const base = baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`;
  return async (name) => {
    const url = `${base}${name}`;
    try {
      const response = await fetch(url);
      if (!response.ok) throw failed(url, `the server responded with ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      if (error instanceof StudioError) throw error;
      throw failed(url, error instanceof Error ? error.message : String(error), error);
    }
  };
}
