import type { StudioError } from "../../src/common/errors/studioError";
import type { DeviceReport } from "../../src/common/protocol/shared";
import type { SessionEnvironment } from "../../src/sessions/common/environment";

type StartRuntime = SessionEnvironment["startRuntime"];

interface Started {
  readonly choice: string;
  readonly starting: Promise<DeviceReport>;
  /** Told of faults: the session that uses the device now. */
  user: (fault: StudioError) => void;
}

/**
 * One started backend for all sessions of a process. In the browser each worker starts its own; here tfjs has one
 * engine, where starting wasm twice is refused and a second WebGPU device would be checked, tuned and have its
 * programs compiled again. A device that reported a fault is not handed out again: the next call starts a new one.
 */
export function sharedRuntime(start: StartRuntime): StartRuntime {
  let current: Started | undefined;
  return async (choice, onLost) => {
    if (current?.choice === choice) {
      current.user = onLost;
      return current.starting;
    }
    const own: Started = {
      choice,
      user: onLost,
      starting: start(choice, (fault) => {
        if (current === own) current = undefined;
        own.user(fault);
      }),
    };
    current = own;
    own.starting.catch(() => {
      if (current === own) current = undefined;
    });
    return own.starting;
  };
}
