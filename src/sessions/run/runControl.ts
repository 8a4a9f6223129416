import { StudioError } from "../../common/errors/studioError";
import type { Outcome } from "../../common/protocol/shared";
import { outcomeOf } from "../common/outcome";

/** What the page asks of a run, gathered until the loop looks at it between two steps. */
export interface RunControl {
  readonly pause: () => void;
  readonly resume: () => void;
  /** One step more, then paused. */
  readonly singleStep: () => void;
  readonly stop: () => void;
  /** A fault from outside the loop (a lost device): thrown at the next boundary. */
  readonly fail: (fault: StudioError) => void;
  /** Forgets the fault: what was at fault is replaced. */
  readonly recover: () => void;
  /** Runs `task` at the next boundary, when no step is under way; one left when the run ends is refused. */
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
  /** Refuses every task still queued: the run is over. */
  readonly close: () => void;
}

export interface BoundaryHooks {
  readonly onPaused: () => Promise<void>;
  readonly onResumed: () => void;
}

/** @param pauseAfter steps until the run pauses; absent, it does not */
export function createRunControl(pauseAfter?: number): RunControl {
  let paused = pauseAfter !== undefined;
  let stepsAllowed = pauseAfter ?? 0;
  let stopping = false;
  let fault: StudioError | undefined;
  let closed = false;
  let pending: (() => Promise<void>)[] = [];
  let wake: (() => void) | undefined;

  const notify = () => wake?.();
  const somethingHappens = () => new Promise<void>((resolve) => (wake = resolve));
  const idle = () => paused && stepsAllowed === 0 && !stopping && !fault && pending.length === 0;
  const assertHealthy = () => {
    if (fault) throw fault;
  };

  const runPending = async () => {
    const tasks = pending;
    pending = [];
    for (const task of tasks) await task();
  };

  return {
    pause: () => {
      paused = true;
      notify();
    },
    resume: () => {
      paused = false;
      notify();
    },
    singleStep: () => {
      paused = true;
      stepsAllowed++;
      notify();
    },
    stop: () => {
      stopping = true;
      notify();
    },
    fail: (reason) => {
      fault ??= reason;
      notify();
    },
    recover: () => {
      fault = undefined;
    },
    atBoundary: (task) =>
      new Promise((answer) => {
        const refuse = () => Promise.reject(noRun());
        pending.push(async () => answer(await outcomeOf(closed ? refuse : task)));
        notify();
        if (closed) void runPending();
      }),
    fault: () => fault,
    assertHealthy,
    stopping: () => stopping,
    boundary: async ({ onPaused, onResumed }) => {
      let announced = false;
      for (;;) {
        assertHealthy();
        if (stopping) return "stop";
        await runPending();
        if (!paused || stepsAllowed > 0) break;
        if (!announced) await onPaused();
        announced = true;
        if (idle()) await somethingHappens(); // asked anew: something may have happened during the await
      }
      if (paused) stepsAllowed--;
      if (announced) onResumed();
      return "step";
    },
    close: () => {
      closed = true;
      void runPending();
    },
  };
}

/** Asked of a run that is not there. */
export const noRun = (): StudioError =>
  new StudioError("CANCELLED", "No run is active.", "Press Train, or resume a stored run, first.");
