import { StudioError } from "../../common/errors/studioError";
import type { SessionEnvironment } from "../common/environment";

/** Most new devices in a row for work that stored nothing new in between. */
export const MOST_RESTARTS = 3;

/** A read may fail on a lost device before the loss is reported. The report is awaited for so long. */
const REPORT_MS = 500;

/** Work that can go on from what it has stored, on another device, when its device is lost. */
export interface Recoverable<T> {
  /**
   * Does the work that is not stored yet. `onFault` takes faults of the device it opens; faults are ignored after the
   * attempt ends.
   */
  readonly attempt: (onFault: (fault: StudioError) => void) => Promise<T>;
  /** Sets the fault that the work throws at its next check; undefined once there is a new device. */
  readonly setFault: (fault: StudioError | undefined) => void;
  /** How much is stored, in any unit that grows. */
  readonly stored: () => Promise<number>;
  /** Called when the device is lost, before the work goes on from `from` on a new one. */
  readonly onRestart: (fault: StudioError, from: number) => void;
}

/** The device's fault behind an error; undefined when none is reported within REPORT_MS. */
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

/** Whether a lost device may be the cause of an error: it has no code of its own. */
const unexplained = (thrown: unknown): boolean =>
  !(thrown instanceof StudioError) || thrown.code === "INTERNAL";
