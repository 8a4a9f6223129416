import type { Deletion, DeletionKind } from "../../store/deletionsSlice";
import { isSameDeletion } from "../../store/deletionsSlice";
import { selectInUse } from "../../store/inUse";
import type { StudioStore } from "../../store/studioStore";

/** How long a deletion can be undone. */
const NOTICE_MS = 10_000;

/** How things of one kind are deleted. */
export interface DeletionSteps {
  /** At once, so that a reload does not bring it back. Absent: nothing is done before `finish`. */
  readonly hide?: (key: string) => Promise<unknown>;
  readonly show?: (key: string) => Promise<unknown>;
  /** From the disk. */
  readonly finish: (key: string) => Promise<unknown>;
}

/** Deletes with an undo instead of a question: nothing is gone before the notice of it is. */
export function createDeletionFlow(
  store: StudioStore,
  steps: Readonly<Record<DeletionKind, DeletionSteps>>,
  report: (thrown: unknown) => void,
  noticeMs = NOTICE_MS,
) {
  const state = () => store.getState();
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const finishing = new Set<string>();
  const nameOf = ({ kind, key }: Deletion) => `${kind}/${key}`;
  const isPending = (one: Deletion) =>
    state().deletions.some((other) => isSameDeletion(other, one));

  const wait = (one: Deletion) => {
    clearTimeout(timers.get(nameOf(one)));
    timers.set(
      nameOf(one),
      setTimeout(() => void finish(one), noticeMs),
    );
  };

  /** What is in use by now stays until it is not. */
  async function finish(one: Deletion): Promise<void> {
    if (!isPending(one) || finishing.has(nameOf(one))) return;
    if (selectInUse(one)(state())) {
      wait(one);
      return;
    }
    clearTimeout(timers.get(nameOf(one)));
    finishing.add(nameOf(one));
    await steps[one.kind].finish(one.key).catch(report);
    finishing.delete(nameOf(one));
    state().dropDeletion(one);
  }

  async function undo(one: Deletion): Promise<void> {
    if (!isPending(one) || finishing.has(nameOf(one))) return;
    clearTimeout(timers.get(nameOf(one)));
    await steps[one.kind].show?.(one.key).catch(report);
    state().dropDeletion(one);
  }

  return {
    remove: async (one: Deletion): Promise<void> => {
      if (isPending(one) || selectInUse(one)(state())) return;
      state().addDeletion(one);
      wait(one);
      await steps[one.kind].hide?.(one.key).catch((thrown: unknown) => {
        clearTimeout(timers.get(nameOf(one)));
        state().dropDeletion(one);
        report(thrown);
      });
    },
    undo,
    /** The notices are gone: what can go goes now. */
    finishAll: async (): Promise<void> => {
      await Promise.all(state().deletions.map(finish));
    },
    dispose: () => {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
