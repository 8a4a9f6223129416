import { expect, test } from "vitest";
import { besideOtherApt } from "./apt.mjs";

/** A machine where another apt runs until `freeAtMs`, on a clock that only sleeping moves. */
function machine(freeAtMs: number) {
  let nowMs = 0;
  return {
    runningPrograms: () => (nowMs < freeAtMs ? ["bash", "apt-get"] : ["bash"]),
    sleep: (ms: number) => void (nowMs += ms),
    nowMs: () => nowMs,
  };
}

test("a lock that another apt holds is waited for", () => {
  const busy = machine(60_000);
  let attempts = 0;
  const attempt = () => {
    attempts += 1;
    return busy.nowMs() >= 60_000;
  };
  expect(besideOtherApt(attempt, busy)).toBe(true);
  expect(attempts).toBe(13);
});

test("a lock that is let go between the refusal and the question is tried for once more", () => {
  let refused = 0;
  const names = [["apt-get"], ["bash"]];
  const result = besideOtherApt(() => refused++ > 0, {
    ...machine(0),
    runningPrograms: () => names.shift() ?? [],
  });
  expect(result).toBe(true);
});

test("what fails for another reason fails at once, and no one waits for ever", () => {
  let attempts = 0;
  const never = () => {
    attempts += 1;
    return false;
  };
  expect(besideOtherApt(never, machine(0))).toBe(false);
  expect(attempts).toBe(1);
  const forever = machine(Infinity);
  expect(besideOtherApt(never, forever)).toBe(false);
  expect(forever.nowMs()).toBe(600_000);
});
