import type { BurstResult, StepResult } from "./variant";

/** Steps that may be submitted and not done; a run keeps as many at most. */
export const IN_FLIGHT = 8;
/** The losses are read after every so many steps: then the steps before are done. */
const MARK = 4;

export interface BurstParts<Logged> {
  /** Encodes and submits step `i` of the burst; returns its losses on the device. */
  readonly submit: (i: number) => Logged;
  /** Reads and frees them. */
  readonly read: (logged: Logged) => Promise<StepResult["losses"]>;
  /** Frees them unread. */
  readonly drop: (logged: Logged) => void;
  readonly clockMs: () => number;
}

/** Submits `steps` steps one after another, at most IN_FLIGHT of them unfinished, and waits for the last one's losses. */
export async function runBurst<Logged>(
  steps: number,
  { submit, read, drop, clockMs }: BurstParts<Logged>,
): Promise<BurstResult> {
  const marks: Promise<StepResult["losses"]>[] = [];
  let [jsMs, last] = [0, Promise.resolve<StepResult["losses"]>([NaN, NaN, NaN])];
  const start = clockMs();
  for (let i = 0; i < steps; i++) {
    if (i >= IN_FLIGHT && i % MARK === 0) await marks.shift();
    const before = clockMs();
    const logged = submit(i);
    if (i === steps - 1 || i % MARK === MARK - 1) {
      last = read(logged);
      last.catch(() => undefined); // a lost device fails all marks; the error of the one awaited first is thrown
      marks.push(last);
    } else drop(logged);
    jsMs += clockMs() - before;
  }
  await Promise.all(marks); // all end before the last one, unless the device fails
  const losses = await last;
  return { ms: (clockMs() - start) / steps, jsMs: jsMs / steps, losses };
}
