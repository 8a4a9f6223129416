import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { StudioError } from "../src/common/errors/studioError";
import type { ReadFile } from "../src/common/formats/readFile";

/** Node's twin of fetchFile: reads files from a folder. It throws DOWNLOAD_FAILED, naming the path, where it cannot. */
export const readDirectory =
  (folder: string): ReadFile =>
  async (name) => {
    const path = join(folder, name);
    try {
      return new Uint8Array(await readFile(path));
    } catch (cause) {
      throw new StudioError(
        "DOWNLOAD_FAILED",
        `${path} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        "Name the folder that holds it, or restore the file.",
        { cause },
      );
    }
  };
