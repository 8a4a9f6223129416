import { expect, test } from "vitest";
import { compareTunings, fastest } from "./chooseTuning";
import type { MatMulTuning } from "./device";
import { SHARED_TILES } from "./sharedTile";
import { oneTile } from "./sharedTuning";
import { currentStudioBackend } from "./studioBackend";

/** Small tiles: they compile quickly. */
const TUNINGS: readonly MatMulTuning[] = [
  { kind: "register", tile: [4, 4] },
  { kind: "register", tile: [4, 4], dots: false },
];

function backend() {
  const current = currentStudioBackend();
  if (!current) throw new Error("Not on the studio's backend.");
  return current;
}

test("every tuning is timed, the best first, and none stays set", async () => {
  const before = backend().tuning;
  const { times, fill } = await compareTunings(backend(), () => performance.now(), TUNINGS);
  expect(fill).toBeUndefined();
  expect(new Set(times.map(({ tuning }) => tuning))).toEqual(new Set(TUNINGS));
  const ms = times.map((time) => time.ms);
  expect(ms.every((time) => time > 0)).toBe(true);
  expect(ms).toEqual([...ms].sort((a, b) => a - b));
  expect(backend().tuning).toBe(before);
});

test("a clock that runs away leaves the one that was measured", async () => {
  let now = 0;
  const budget = { ms: 1, sleep: () => new Promise<void>(() => undefined) };
  const { times } = await compareTunings(backend(), () => (now += 1000), TUNINGS, budget);
  expect(times).toHaveLength(1);
});

test("where a tile through workgroup memory is the fastest, the adapter's fill is measured as well", async () => {
  const before = backend().tuning;
  const only = oneTile(SHARED_TILES[0]);
  const compared = await compareTunings(backend(), () => performance.now(), [only]);
  expect(compared.times.map(({ tuning }) => tuning)).toEqual([only]);
  // an adapter that computes on a few cores of a CPU is full at once
  expect(compared.fill).toBeLessThanOrEqual(64);
  expect(fastest(compared)).toMatchObject({ kind: "shared", fill: compared.fill });
  expect(backend().tuning).toBe(before);
});
