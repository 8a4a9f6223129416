import { toFailure } from "../../common/errors/studioError";
import type { RunEvent, StepPoint } from "../../common/protocol/trainer";
import type { Database } from "../../common/storage/db";
import { appendMeasurement, appendSteps, putGrid, updateRun } from "../../common/storage/runs";

/** Steps in one database record. */
const CHUNK = 50;

/**
 * Sends a run's events to the page at once, and writes those that are logged to storage, in order, while training goes
 * on. The worker writes and not the page, so that a closed tab loses nothing that was logged. A write that fails is kept
 * and tried again before anything newer, so that the log has no hole.
 */
export interface RunJournal {
  readonly emit: (event: RunEvent) => void;
  /**
   * Resolves when everything emitted so far is stored.
   * @throws what storage throws for the oldest write that failed again: nothing that stands for it may be stored then
   */
  readonly flush: () => Promise<void>;
}

type Write = () => Promise<void>;

/** Does writes one after the other. One that fails stays the first. */
function createWriteQueue(onFailure: (thrown: unknown) => void) {
  const waiting: Write[] = [];
  let running: Promise<void> = Promise.resolve();

  /** Writes what waits. @throws what the first one throws, which stays where it is */
  const writeAll = async (): Promise<void> => {
    for (let next = waiting[0]; next; next = waiting[0]) {
      await next();
      waiting.shift();
    }
  };
  return {
    push: (work: Write) => {
      waiting.push(work);
      running = running.then(writeAll).catch(onFailure);
    },
    flush: async () => {
      await running;
      await writeAll();
    },
  };
}

export function createRunJournal(
  db: Database,
  runId: string,
  onEvent: (event: RunEvent) => void,
  nowMs: () => number,
): RunJournal {
  let points: StepPoint[] = [];
  const writes = createWriteQueue((thrown) => {
    onEvent({ type: "warning", failure: toFailure(thrown) });
  });
  const write = writes.push;
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
      await writes.flush();
    },
  };
}
