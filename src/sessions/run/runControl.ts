import { StudioError } from "../../common/errors/studioError";
import type { Outcome } from "../../common/protocol/shared";
import { outcomeOf } from "../common/outcome";

/** Requests of the page to a run. The training loop serves them between two steps. */
export interface RunControl {
  readonly pause: () => void;
  readonly resume: () => void;
  /** Takes one step more, then pauses. */
  readonly singleStep: () => void;
  readonly stop: () => void;
  /** A fault from outside the loop (a lost device): thrown at the next boundary. */
  readonly fail: (fault: StudioError) => void;
  /** Forgets the fault: the device was replaced. */
  readonly recover: () => void;
  /** Runs `task` before the next step. A task that still waits when the run ends fails with CANCELLED. */
  readonly atBoundary: <T>(task: () => Promise<T>) => Promise<Outcome<T>>;
  readonly fault: () => StudioError | undefined;
  /** Throws the fault, if there is one. */
  readonly assertHealthy: () => void;
  readonly stopping: () => boolean;
  /**
   * The boundary between two steps: runs queued tasks, waits while paused.
   * @returns "step" when the next step may run, "stop" when the run is to end
   */
  readonly boundary: (hooks: BoundaryHooks) => Promise<"step" | "stop">;
  /** The run is over: every task that waits fails with CANCELLED. */
  readonly close: () => void;
}

export interface BoundaryHooks {
  readonly onPaused: () => Promise<void>;
  readonly onResumed: () => void;
}

/** @param pauseAfter steps until the run pauses; absent, it does not */
export function createRunControl(pauseAfter?: number): RunControl {
  const signal = createSignal();
  const tasks = createTaskQueue(signal.notify);
  let paused = pauseAfter !== undefined;
  let stepsAllowed = pauseAfter ?? 0;
  let stopping = false;
  let fault: StudioError | undefined;

  const nothingToDo = () => paused && stepsAllowed === 0 && !stopping && !fault && tasks.isEmpty();
  const assertHealthy = () => {
    if (fault) throw fault;
  };
  const boundary = async ({ onPaused, onResumed }: BoundaryHooks): Promise<"step" | "stop"> => {
    let announced = false;
    for (;;) {
      assertHealthy();
      if (stopping) return "stop";
      await tasks.run();
      if (!paused || stepsAllowed > 0) break;
      if (!announced) await onPaused();
      announced = true;
      if (nothingToDo()) await signal.next(); // looked at again: a request may have come during onPaused
    }
    if (paused) stepsAllowed--;
    if (announced) onResumed();
    return "step";
  };
  /** A change of the state that the waiting loop must see. */
  const change = (apply: () => void) => () => {
    apply();
    signal.notify();
  };

  return {
    pause: change(() => (paused = true)),
    resume: change(() => (paused = false)),
    singleStep: change(() => {
      paused = true;
      stepsAllowed++;
    }),
    stop: change(() => (stopping = true)),
    fail: (reason) => {
      fault ??= reason;
      signal.notify();
    },
    recover: () => {
      fault = undefined;
    },
    atBoundary: tasks.add,
    fault: () => fault,
    assertHealthy,
    stopping: () => stopping,
    boundary,
    close: tasks.close,
  };
}

/** Wakes one waiting loop. */
function createSignal() {
  let wake: (() => void) | undefined;
  return {
    notify: () => wake?.(),
    /** Resolves at the next `notify`. */
    next: () => new Promise<void>((resolve) => (wake = resolve)),
  };
}

/** Tasks that wait for a boundary; after `close` each is refused. */
function createTaskQueue(onAdded: () => void) {
  let waiting: (() => Promise<void>)[] = [];
  let closed = false;

  const run = async () => {
    const tasks = waiting;
    waiting = [];
    for (const task of tasks) await task();
  };
  return {
    run,
    isEmpty: () => waiting.length === 0,
    add: <T>(task: () => Promise<T>): Promise<Outcome<T>> =>
      new Promise((resolve) => {
        const refuse = () => Promise.reject(noRun());
        waiting.push(async () => resolve(await outcomeOf(closed ? refuse : task)));
        onAdded();
        if (closed) void run();
      }),
    close: () => {
      closed = true;
      void run();
    },
  };
}

/** Refuses what only a run can do. */
export const noRun = (): StudioError =>
  new StudioError("CANCELLED", "No run is active.", "Press Train, or resume a stored run, first.");
