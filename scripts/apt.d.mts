export interface AptMachine {
  readonly runningPrograms: () => readonly string[];
  readonly sleep: (ms: number) => void;
  readonly nowMs: () => number;
}
export function besideOtherApt(attempt: () => boolean, machine?: AptMachine): boolean;
export const WAIT_FOR_LOCK: readonly string[];
