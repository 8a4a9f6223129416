import { createWriteStream } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { Writable } from "node:stream";
import type { RunResults } from "../../src/common/resultFiles/runResults";
import { writeResults, type WriteOptions } from "../../src/common/resultFiles/writeResults";

/**
 * Writes runs as a file of results; an end while it is written leaves no half of one under its name. What is damaged of a
 * run is left out, and the terminal says so.
 */
export async function writeResultsFile(
  path: string,
  runs: readonly RunResults[],
  options: WriteOptions,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  await writeResults(runs, Writable.toWeb(createWriteStream(part)), {
    ...options,
    onLeftOut: (what) =>
      process.stderr.write(`Left out of ${path}, as it cannot be read: ${what}\n`),
  });
  await rename(part, path);
}
