import { StudioError } from "../src/common/errors/studioError";
import { pause } from "../src/sources/hub/pause";

/** Faults of a device: kept while it starts, reported to its user afterwards. */
export interface DeviceWatch {
  /** The first fault, which explains whatever came after it. */
  readonly fault: () => StudioError | undefined;
  /** The same, after the time it may take until the loss of a device is reported. */
  readonly faultSoon: () => Promise<StudioError | undefined>;
  /** From here on faults are reported to `onFault`; the first one before is reported now. */
  readonly tell: (onFault: (fault: StudioError) => void) => void;
}

/** A read from a lost device may fail before the loss of the device is reported. */
const REPORT_MS = 200;

/** Every uncaptured error is fatal: tfjs would go on with what a buffer held before. */
export function watchDevice(device: GPUDevice): DeviceWatch {
  let first: StudioError | undefined;
  let listener: ((fault: StudioError) => void) | undefined;
  const report = (fault: StudioError) => {
    first ??= fault;
    listener?.(fault);
  };
  device.addEventListener("uncapturederror", ({ error }) => {
    const outOfMemory = error instanceof GPUOutOfMemoryError;
    report(
      new StudioError(
        outOfMemory ? "OUT_OF_MEMORY" : "GPU_ERROR",
        `The GPU reported: ${error.message}`,
        outOfMemory
          ? "Choose a smaller batch or model; the run resumes from its last checkpoint."
          : "Reload the page; the run resumes from its last checkpoint.",
      ),
    );
  });
  const lost = device.lost.then(({ message }) =>
    report(
      new StudioError(
        "DEVICE_LOST",
        `The GPU device was lost (${message || "no reason given"}).`,
        "Press Resume: the run goes on from its last checkpoint on a new device.",
      ),
    ),
  );
  return {
    fault: () => first,
    faultSoon: async () => {
      const waiting = new AbortController();
      if (!first) await Promise.race([lost, pause(REPORT_MS, waiting.signal)]);
      waiting.abort();
      return first;
    },
    tell: (onFault) => {
      listener = onFault;
      if (first) onFault(first);
    },
  };
}
