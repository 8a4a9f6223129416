import type { RunEvent } from "../protocol/trainer";

/** Four updates a second: smooth to watch, and the page draws instead of reconciling. */
const FLUSH_MS = 250;

export interface EventQueue {
  readonly push: (event: RunEvent) => void;
  /** Hands everything over now. */
  readonly flush: () => void;
}

/** Gathers worker events and hands them to the store in batches; phases and failures do not wait. */
export function createEventQueue(apply: (events: readonly RunEvent[]) => void): EventQueue {
  let waiting: RunEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const events = waiting;
    waiting = [];
    apply(events);
  };
  return {
    push: (event) => {
      waiting.push(event);
      if (event.type === "phase" || event.type === "failed") flush();
      else timer ??= setTimeout(flush, FLUSH_MS);
    },
    flush,
  };
}
