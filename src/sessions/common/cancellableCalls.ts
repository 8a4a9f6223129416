import { StudioError } from "../../common/errors/studioError";
import type { Outcome } from "../../common/protocol/shared";
import { oneAtATime } from "./oneAtATime";
import { outcomeOf } from "./outcome";

/** Calls that run one after the other and can be cancelled together. */
export interface CancellableCalls {
  /** @param work calls its argument between pieces of work, which throws CANCELLED after `cancel` */
  readonly call: <T>(work: (assertWanted: () => void) => Promise<T>) => Promise<Outcome<T>>;
  /** Cancels the call under way and those that wait; later calls are not affected. */
  readonly cancel: () => void;
}

/** @param names the work in the message of a cancelled call */
export function createCancellableCalls(what: string): CancellableCalls {
  const inTurn = oneAtATime();
  let cancels = 0;
  return {
    call: (work) => {
      const before = cancels;
      const assertWanted = () => {
        if (cancels === before) return;
        throw new StudioError("CANCELLED", `${what} was cancelled.`, "Ask for it again to go on.");
      };
      return inTurn(() =>
        outcomeOf(async () => {
          assertWanted();
          return await work(assertWanted);
        }),
      );
    },
    cancel: () => {
      cancels++;
    },
  };
}
