import type { RunEvent } from "../../../common/protocol/trainer";

/** Four updates a second: smooth to watch, and the page draws instead of reconciling. */
const FLUSH_MS = 250;

export interface EventQueue {
  readonly push: (event: RunEvent) => void;
  /** Hands over now what waits; pictures and figures follow in tasks of their own. */
  readonly flush: () => void;
  /** Forgets what waits: another run is shown. */
  readonly drop: () => void;
}

/** Redraws much of the screen: applied alone, so that no task of the page grows long. */
const isHeavy = ({ type }: RunEvent): boolean => type === "grid" || type === "measurement";

/** Gathers worker events and hands them to the store in batches; phases and failures do not wait. */
export function createEventQueue(apply: (events: readonly RunEvent[]) => void): EventQueue {
  let waiting: RunEvent[] = [];
  let heavy: RunEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let heavyTimer: ReturnType<typeof setTimeout> | undefined;

  const applyNextHeavy = () => {
    const [next, ...rest] = heavy;
    heavy = rest;
    heavyTimer = rest.length > 0 ? setTimeout(applyNextHeavy, 0) : undefined;
    if (next) apply([next]);
  };
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const events = waiting;
    waiting = [];
    const light = events.filter((event) => !isHeavy(event));
    heavy.push(...events.filter(isHeavy));
    if (heavy.length > 0) heavyTimer ??= setTimeout(applyNextHeavy, 0);
    if (light.length > 0) apply(light);
  };
  return {
    push: (event) => {
      waiting.push(event);
      if (event.type === "phase" || event.type === "failed") flush();
      else timer ??= setTimeout(flush, FLUSH_MS);
    },
    flush,
    drop: () => {
      clearTimeout(timer);
      clearTimeout(heavyTimer);
      [timer, heavyTimer] = [undefined, undefined];
      [waiting, heavy] = [[], []];
    },
  };
}
