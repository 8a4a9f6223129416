import { expect, test } from "vitest";
import { IN_FLIGHT, runBurst } from "./burst";

/** A device that finishes a step each time the burst waits. */
function fakeDevice() {
  let [submitted, finished, most] = [0, 0, 0];
  const waiting: { step: number; done: () => void }[] = [];
  const submit = (i: number) => {
    submitted++;
    most = Math.max(most, submitted - finished);
    return i;
  };
  const read = async (step: number) => {
    await new Promise<void>((resolve) => {
      waiting.push({ step, done: resolve });
      setTimeout(() => {
        for (const { step: ended, done } of waiting.splice(0)) {
          finished = Math.max(finished, ended + 1);
          done();
        }
      }, 0);
    });
    return [step, 0, 0] as const;
  };
  return { submit, read, most: () => most };
}

test.each([1, 3, 4, 8, 9, 30])("a burst of %i steps keeps a few in flight", async (steps) => {
  const device = fakeDevice();
  const dropped: number[] = [];
  const { losses } = await runBurst(steps, {
    submit: device.submit,
    read: device.read,
    drop: (step) => dropped.push(step),
    clockMs: () => 0,
  });
  expect(losses[0]).toBe(steps - 1);
  expect(device.most()).toBe(Math.min(steps, IN_FLIGHT));
  expect(dropped).not.toContain(steps - 1);
});

test("times are a step's", async () => {
  let now = 0;
  const { ms, jsMs } = await runBurst(5, {
    submit: () => (now += 2),
    read: () => Promise.resolve([(now += 10), 0, 0] as const),
    drop: () => undefined,
    clockMs: () => now,
  });
  expect(ms).toBe(30 / 5); // five submissions and two readings
  expect(jsMs).toBe(30 / 5);
});

test("a device that fails ends the burst", async () => {
  const failing = runBurst(9, {
    submit: (i) => i,
    read: () => Promise.reject(new Error("lost")),
    drop: () => undefined,
    clockMs: () => 0,
  });
  await expect(failing).rejects.toThrow("lost");
});
