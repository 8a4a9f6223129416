import type { Failure } from "../../common/errors/studioError";
import type { ImportedRun } from "../../common/resultFiles/importRun";
import type { SetPart } from "./setPart";

/** An opened file: its runs, what of it was not read, and why the rest of it was not taken. */
export interface OpenedResults {
  readonly file: string;
  readonly runs: readonly ImportedRun[];
  readonly notes: readonly string[];
  readonly failure: Failure | null;
}

/** Runs that are being written to a file, or read from one: so many of them are done. */
export interface ResultsProgress {
  readonly doing: "saving" | "opening";
  readonly done: number;
  /** 0 until it is known. */
  readonly total: number;
}

export interface ResultsState {
  readonly progress: ResultsProgress | null;
  /** The newest last; each is shown until it is dismissed. */
  readonly opened: readonly OpenedResults[];
}

export interface ResultsSlice {
  readonly results: ResultsState;
  readonly setResultsProgress: (progress: ResultsProgress | null) => void;
  readonly tellResults: (opened: OpenedResults) => void;
  readonly dismissResults: () => void;
}

export const createResultsSlice = (set: SetPart<Pick<ResultsSlice, "results">>): ResultsSlice => ({
  results: { progress: null, opened: [] },
  setResultsProgress: (progress) => set(({ results }) => ({ results: { ...results, progress } })),
  tellResults: (opened) =>
    set(({ results }) => ({ results: { ...results, opened: [...results.opened, opened] } })),
  dismissResults: () => set(({ results }) => ({ results: { ...results, opened: [] } })),
});
