import { expect, test } from "vitest";
import { StudioError } from "../../common/errors/studioError";
import { MOST_RESTARTS, retryOnDeviceLoss } from "./deviceRecovery";

const lost = () => new StudioError("DEVICE_LOST", "The GPU device was lost.", "Press Resume.");

/** Time that passes as it is asked for, and turns that do nothing. */
function surroundings() {
  let now = 0;
  return { clockMs: () => now++, turn: () => Promise.resolve() };
}

/** Work whose attempts end as `outcomes` say; every attempt stores `progress` more. */
function work(outcomes: readonly (StudioError | "done")[], progress: number) {
  const log: string[] = [];
  let stored = 0;
  let attempts = 0;
  const result = retryOnDeviceLoss(surroundings(), {
    attempt: (onFault) => {
      const outcome = outcomes[Math.min(attempts++, outcomes.length - 1)];
      if (outcome === "done") return Promise.resolve("result");
      stored += progress;
      if (outcome?.code === "DEVICE_LOST") onFault(outcome);
      return Promise.reject(new Error("AbortError: the device is lost"));
    },
    setFault: (fault) => log.push(fault ? `fault ${fault.code}` : "healthy"),
    stored: () => Promise.resolve(stored),
    onRestart: (_, from) => log.push(`from ${from}`),
  });
  return { result, log, attempts: () => attempts };
}

test("a lost device is replaced, and the work goes on from what it stored", async () => {
  const { result, log } = work([lost(), "done"], 4);
  expect(await result).toBe("result");
  expect(log).toEqual(["fault DEVICE_LOST", "healthy", "from 4"]);
});

test("without progress it is given up after a few devices, with the device's own fault", async () => {
  const fault = lost();
  const { result, attempts } = work([fault], 0);
  await expect(result).rejects.toBe(fault);
  expect(attempts()).toBe(1 + MOST_RESTARTS);
});

test("with progress in between it is not given up", async () => {
  const losses = Array.from({ length: 3 * MOST_RESTARTS }, lost);
  const { result, attempts } = work([...losses, "done"], 1);
  expect(await result).toBe("result");
  expect(attempts()).toBe(losses.length + 1);
});

test("the word of the loss may come after the error it caused", async () => {
  let attempts = 0;
  const turns: (() => void)[] = [];
  const result = await retryOnDeviceLoss(
    {
      clockMs: () => 0,
      turn: () => {
        turns.shift()?.();
        return Promise.resolve();
      },
    },
    {
      attempt: (onFault) => {
        if (attempts++ > 0) return Promise.resolve("result");
        turns.push(
          () => undefined,
          () => onFault(lost()),
        );
        return Promise.reject(new Error("AbortError"));
      },
      setFault: () => undefined,
      stored: () => Promise.resolve(0),
      onRestart: () => undefined,
    },
  );
  expect(result).toBe("result");
});

test("any other error ends the work as it is, and a device out of use is not listened to", async () => {
  const cancelled = new StudioError("CANCELLED", "Stopped.", "Resume it.");
  let late: ((fault: StudioError) => void) | undefined;
  const faults: unknown[] = [];
  const result = retryOnDeviceLoss(surroundings(), {
    attempt: (onFault) => {
      late = onFault;
      return Promise.reject(cancelled);
    },
    setFault: (fault) => faults.push(fault),
    stored: () => Promise.resolve(0),
    onRestart: () => undefined,
  });
  await expect(result).rejects.toBe(cancelled);
  late?.(lost());
  expect(faults).toEqual([]);
  await expect(work([new StudioError("GPU_ERROR", "x", "y")], 1).result).rejects.toThrow(
    "AbortError",
  );
});
