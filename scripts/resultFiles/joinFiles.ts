import { openResults, type FileRun } from "../../src/common/resultFiles/openResults";
import type { WriteOptions } from "../../src/common/resultFiles/writeResults";
import { withFileSource } from "./fileSource";
import { writeResultsFile } from "./writeFile";

/**
 * The runs of several files of results in one, in the order of the files; all under `name`, where it is given.
 * @throws StudioError BAD_RESULTS when one of them is damaged, or there is none
 */
export function joinResultsFiles(
  path: string,
  files: readonly string[],
  { name, ...options }: WriteOptions & { readonly name?: string },
): Promise<void> {
  const named = (run: FileRun): FileRun =>
    name === undefined ? run : { ...run, facts: { ...run.facts, name } };
  const joinFrom = async (place: number, runs: readonly FileRun[]): Promise<void> => {
    const file = files[place];
    if (file === undefined) return writeResultsFile(path, runs, options);
    // all stay open until the last is written
    return withFileSource(file, async (source) => {
      const opened = await openResults(source);
      return joinFrom(place + 1, [...runs, ...opened.runs.map(named)]);
    });
  };
  return joinFrom(0, []);
}
