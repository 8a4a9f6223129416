import { loadPart } from "../../../common/errors/loadPart";
import { StudioError, toFailure } from "../../../common/errors/studioError";
import type { Database, RunLook } from "../../../common/storage/db";
import type { OpenedResults } from "../../store/resultsSlice";
import { freeColor } from "../../store/runColors";
import type { StudioStore } from "../../store/studioStore";
import { fileWords } from "../links";

interface ResultsPlaces {
  readonly store: StudioStore;
  readonly withDatabase: <T>(work: (db: Database) => Promise<T>) => Promise<T>;
  /** Shows what is stored now. */
  readonly refresh: () => Promise<void>;
  /** A run that was deleted a moment ago is kept. */
  readonly undoDelete: (runId: string) => Promise<void>;
  readonly saveFile: (blob: Blob, name: string) => void;
  readonly codeVersion: string;
  readonly nowMs: () => number;
  readonly report: (thrown: unknown) => void;
}

const loadParts = () => loadPart(() => import("./resultsParts"));

/** Runs that come with a file are drawn up to so many, which charts of this page are quick with (docs/performance-results.md); the rest is listed. */
const MOST_DRAWN = 20;

const damaged = (leftOut: readonly string[]) =>
  new StudioError(
    "CHECKSUM_MISMATCH",
    `Saved without what cannot be read: ${leftOut.join(", ")}.`,
    "Everything else is in the file.",
  );

/** Files of results: stored runs written to one, and the runs of one stored. One file at a time, in the order they came. */
export function createResultsFlow(places: ResultsPlaces) {
  const { store, withDatabase, refresh, undoDelete, saveFile, codeVersion, nowMs, report } = places;
  const state = () => store.getState();

  let last = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    last = last.then(work).catch(report);
    return last.finally(() => state().setResultsProgress(null));
  };

  async function save(runIds: readonly string[], checkpoints: boolean): Promise<void> {
    const total = runIds.length;
    state().setResultsProgress({ doing: "saving", done: 0, total });
    const parts = await loadParts();
    const leftOut: string[] = [];
    const blob = await withDatabase((db) =>
      parts.saveRuns(db, runIds, {
        ...{ checkpoints, madeBy: `REPA Studio ${codeVersion}` },
        onRun: (done) => state().setResultsProgress({ doing: "saving", done, total }),
        onLeftOut: (what) => void leftOut.push(what),
      }),
    );
    const [only] = state().data.runs.filter(({ id }) => id === runIds[0]);
    const words = total === 1 ? fileWords(only?.name ?? "", "run") : `${total}-runs`;
    saveFile(blob, `repa-studio-results-${words}.zip`);
    if (leftOut.length > 0) report(damaged(leftOut));
  }

  /** Looks for runs that come one after the other, each of a colour that none before it has. */
  function looks(): () => RunLook {
    const others = state().data.runs.map(({ look }) => ({ look }));
    let count = 0;
    return () => {
      const look = { color: freeColor(others), shown: count++ < MOST_DRAWN };
      others.push({ look });
      return look;
    };
  }

  async function open(file: File): Promise<void> {
    let opened: OpenedResults = { file: file.name, runs: [], notes: [], failure: null };
    const progress = (total: number) =>
      state().setResultsProgress({ doing: "opening", done: opened.runs.length, total });
    progress(0);
    try {
      const parts = await loadParts();
      let total = 0;
      await withDatabase((db) =>
        parts.openRuns(db, file, {
          ...{ nowMs: nowMs(), look: looks(), keep: undoDelete },
          onFile: (count, notes) => {
            total = count;
            opened = { ...opened, notes };
            progress(total);
          },
          onRun: (run) => {
            if (run.outcome !== "here") state().forgetRunChanges(run.id);
            opened = { ...opened, runs: [...opened.runs, run] };
            progress(total);
          },
        }),
      );
    } catch (thrown) {
      opened = { ...opened, failure: toFailure(thrown) };
    }
    await refresh();
    state().tellResults(opened);
  }

  return {
    save: (runIds: readonly string[], checkpoints: boolean) =>
      inTurn(() => save(runIds, checkpoints)),
    open: (file: File) => inTurn(() => open(file)),
  };
}
