import { StudioError } from "../src/common/errors/studioError";
import { pause } from "../src/sources/hub/pause";

/** What goes wrong with a device: kept while it starts, told to its user afterwards. */
export interface DeviceWatch {
  /** The first fault, which explains whatever came after it. */
  readonly fault: () => StudioError | undefined;
  /** The same, after the moment it may take until a lost device is reported as one. */
  readonly faultSoon: () => Promise<StudioError | undefined>;
  /** From here on faults are told; those that came before are told now. */
  readonly tell: (onFault: (fault: StudioError) => void) => void;
}

/** A reading that a lost device refuses may fail before the word comes that the device is lost. */
const REPORT_MS = 200;

/** Every uncaptured error is fatal: tfjs would go on with whatever a buffer held before. */
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
