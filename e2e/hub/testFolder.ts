import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { testFiles, type TestFile } from "./testData.ts";

/** Writes the small test data below `folder`, for a picker or a drop. */
export function writeTestFolder(folder: string, files: readonly TestFile[] = testFiles()): void {
  for (const { path, bytes } of files) {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
  }
}
