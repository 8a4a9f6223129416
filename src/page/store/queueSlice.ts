import type { QueuedRun } from "../../common/storage/queue";
import type { SetPart } from "./setPart";

export interface QueueState {
  readonly items: readonly QueuedRun[];
  /** The next one is not begun by itself: the last was stopped by hand, or the page has just been opened. */
  readonly held: boolean;
}

export interface QueueSlice {
  readonly queue: QueueState;
  readonly setQueue: (change: Partial<QueueState>) => void;
}

export const createQueueSlice = (set: SetPart<Pick<QueueSlice, "queue">>): QueueSlice => ({
  queue: { items: [], held: true },
  setQueue: (change) => set(({ queue }) => ({ queue: { ...queue, ...change } })),
});
