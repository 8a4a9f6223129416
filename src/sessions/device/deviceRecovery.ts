import { StudioError } from "../../common/errors/studioError";
import type { SessionEnvironment } from "../common/environment";

/** New devices in a row for work that stored nothing new in between. */
export const MOST_RESTARTS = 3;

/** A reading that a lost device refuses may arrive before the word that it is lost; so long it is waited for. */
const REPORT_MS = 500;

/** Work on a device that goes on from what it stored when the device is lost. */
export interface Recoverable<T> {
  /** The work from what is stored on. `onFault` is for the device it opens; faults are ignored after the attempt ends. */
  readonly attempt: (onFault: (fault: StudioError) => void) => Promise<T>;
  /** Gives the work a fault, to be thrown where it next looks; undefined: there is a new device. */
  readonly setFault: (fault: StudioError | undefined) => void;
  /** How far what is stored goes; larger is further. */
  readonly stored: () => Promise<number>;
  /** The device is lost and the work goes on from `from` on a new one. */
  readonly onRestart: (fault: StudioError, from: number) => void;
}

/** The device's fault that explains what was thrown, when there is one: it may be reported a moment later. */
export async function faultBehind(
  thrown: unknown,
  fault: () => StudioError | undefined,
  { clockMs, turn }: Pick<SessionEnvironment, "clockMs" | "turn">,
): Promise<StudioError | undefined> {
  const untilMs = clockMs() + REPORT_MS;
  while (!fault() && unexplained(thrown) && clockMs() < untilMs) await turn();
  return fault();
}

/**
 * Runs `attempt`, and again on a new device when its device is lost: as often as it takes while each attempt
 * stores something new, and `MOST_RESTARTS` times without.
 * @throws what the attempt throws; the device's fault when it had one
 */
export async function retryOnDeviceLoss<T>(
  { clockMs, turn }: Pick<SessionEnvironment, "clockMs" | "turn">,
  { attempt, setFault, stored, onRestart }: Recoverable<T>,
): Promise<T> {
  let last = -1;
  let restarts = 0;
  for (;;) {
    const faults: StudioError[] = [];
    let over = false;
    const onFault = (fault: StudioError) => {
      if (over) return; // the device of an attempt that ended is no longer used
      faults.push(fault);
      setFault(faults[0]);
    };
    try {
      return await attempt(onFault);
    } catch (thrown) {
      const fault = await faultBehind(thrown, () => faults[0], { clockMs, turn });
      if (fault?.code !== "DEVICE_LOST") throw fault ?? thrown;
      const from = await stored();
      restarts = from > last ? 1 : restarts + 1;
      last = from;
      if (restarts > MOST_RESTARTS) throw fault;
      setFault(undefined);
      onRestart(fault, from);
    } finally {
      over = true;
    }
  }
}

/** Whether an error may be what a lost device looks like from inside. */
const unexplained = (thrown: unknown): boolean =>
  !(thrown instanceof StudioError) || thrown.code === "INTERNAL";
