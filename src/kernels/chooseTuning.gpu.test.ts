import { expect, test } from "vitest";
import { compareTunings } from "./chooseTuning";
import type { MatMulTuning } from "./device";
import { currentStudioBackend } from "./studioBackend";

/** Small tiles: they compile quickly. */
const TUNINGS: readonly MatMulTuning[] = [
  { kind: "register", tile: [4, 4] },
  { kind: "register", tile: [4, 4], dots: false },
];

test("every tuning is timed, the best first, and none stays set", async () => {
  const backend = currentStudioBackend();
  if (!backend) throw new Error("Not on the studio's backend.");
  const before = backend.tuning;
  const times = await compareTunings(backend, () => performance.now(), TUNINGS);
  expect(new Set(times.map(({ tuning }) => tuning))).toEqual(new Set(TUNINGS));
  const ms = times.map((time) => time.ms);
  expect(ms.every((time) => time > 0)).toBe(true);
  expect(ms).toEqual([...ms].sort((a, b) => a - b));
  expect(backend.tuning).toBe(before);
});
