import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReadFile } from "../src/formats/readFile";

/** Node's twin of fetchFile: reads a data set's files from a folder, `public/emoji` for the built-in images. */
export const readDirectory =
  (dir: string): ReadFile =>
  async (name) =>
    new Uint8Array(await readFile(join(dir, name)));
