import { toFailure } from "../../common/errors/studioError";
import type { RunEvent, StepPoint } from "../../common/protocol/trainer";
import type { Database } from "../../common/storage/db";
import { appendMeasurement, appendSteps, putGrid, updateRun } from "../../common/storage/runs";

/** Steps in one database record. */
const CHUNK = 50;

/**
 * Sends a run's events to the page at once, and writes those that are logged to storage, in order, while training goes
 * on. The worker writes and not the page, so that a closed tab loses nothing that was logged.
 */
export interface RunJournal {
  readonly emit: (event: RunEvent) => void;
  /** Resolves when everything emitted so far is stored. */
  readonly flush: () => Promise<void>;
}

export function createRunJournal(
  db: Database,
  runId: string,
  onEvent: (event: RunEvent) => void,
  nowMs: () => number,
): RunJournal {
  let points: StepPoint[] = [];
  let writing: Promise<void> = Promise.resolve();

  const write = (work: () => Promise<void>): void => {
    writing = writing.then(work).catch((thrown: unknown) => {
      onEvent({ type: "warning", failure: toFailure(thrown) });
    });
  };
  const writePoints = () => {
    if (points.length === 0) return;
    const chunk = points;
    points = [];
    write(() => appendSteps(db, runId, chunk));
  };

  const store = (event: RunEvent): void => {
    switch (event.type) {
      case "steps":
        points.push(...event.points);
        if (points.length >= CHUNK) writePoints();
        return;
      case "measurement":
        return write(() => appendMeasurement(db, runId, event.measurement));
      case "grid":
        return write(() => putGrid(db, runId, event.grid));
      case "phase":
        writePoints();
        return write(() =>
          updateRun(db, runId, { phase: event.phase, step: event.step, updatedAtMs: nowMs() }),
        );
      case "failed":
        writePoints();
        return write(() => updateRun(db, runId, { phase: "failed", updatedAtMs: nowMs() }));
      case "activity":
      case "control":
      case "device":
      case "checkpoint":
      case "memory":
      case "warning":
        return;
    }
  };

  return {
    emit: (event) => {
      store(event);
      onEvent(event);
    },
    flush: async () => {
      writePoints();
      await writing;
    },
  };
}
