import { openResults, type FileRun } from "../../src/common/resultFiles/openResults";
import type { WriteOptions } from "../../src/common/resultFiles/writeResults";
import { withFileSource } from "./fileSource";
import { writeResultsFile } from "./writeFile";

interface JoinOptions {
  /** Every run's name; absent: its own. */
  readonly name?: string;
  /** Only runs of this seed keep their samples, which are most of a file; absent: all. */
  readonly samplesOfSeed?: number | undefined;
}

/**
 * The runs of several files of results in one, in the order of the files.
 * @throws StudioError BAD_RESULTS when one of them is damaged, or there is none
 */
export function joinResultsFiles(
  path: string,
  files: readonly string[],
  { name, samplesOfSeed, ...options }: WriteOptions & JoinOptions,
): Promise<void> {
  const changed = (run: FileRun): FileRun => ({
    ...run,
    facts: { ...run.facts, ...(name !== undefined && { name }) },
    gridSteps:
      samplesOfSeed === undefined || run.facts.experiment.optimizer.seed === samplesOfSeed
        ? run.gridSteps
        : [],
  });
  const joinFrom = async (place: number, runs: readonly FileRun[]): Promise<void> => {
    const file = files[place];
    if (file === undefined) return writeResultsFile(path, runs, options);
    // all stay open until the last is written
    return withFileSource(file, async (source) => {
      const opened = await openResults(source);
      return joinFrom(place + 1, [...runs, ...opened.runs.map(changed)]);
    });
  };
  return joinFrom(0, []);
}
