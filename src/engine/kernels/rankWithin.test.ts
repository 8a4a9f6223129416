import { expect, test } from "vitest";
import type { MatMulTuning } from "./device";
import { rankWithin, type Candidate } from "./rankWithin";

const tuning = (name: number): MatMulTuning => ({ kind: "register", tile: [4 * name, 4] });
const nameOf = (one: MatMulTuning) => (one.kind === "register" ? one.tile[0] / 4 : NaN);

/** A device on a played clock: each round of a timing takes its time, compiling takes its own. */
function played() {
  let now = 0;
  const waiting: { atMs: number; wake: () => void }[] = [];
  const pass = (ms: number) => {
    now += ms;
    for (const one of waiting) if (one.atMs <= now) one.wake();
  };
  const at = (atMs: number) =>
    new Promise<void>((resolve) => {
      if (atMs <= now) resolve();
      else if (atMs < Infinity) waiting.push({ atMs, wake: resolve });
    });
  const asked: string[] = [];
  return {
    clockMs: () => now,
    asked,
    /** Nothing else is to do: the next thing that is waited for comes. */
    wait: async () => {
      for (let i = 0; i < 50; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        const next = Math.min(...waiting.map(({ atMs }) => atMs).filter((ms) => ms > now));
        if (next < Infinity) pass(next - now);
      }
    },
    budget: (ms: number) => ({ ms, sleep: (delay: number) => at(now + delay) }),
    candidate: (
      name: number,
      { compileMs = 10, compiles = true, smallMs = 1, largeMs = 10 },
    ): Candidate => ({
      tuning: tuning(name),
      compiled: at(compileMs).then(() => compiles),
      time: ([rows], leftMs) => {
        const large = rows > 1000;
        asked.push(`${name}${large ? " large" : ""}`);
        const roundMs = large ? largeMs : smallMs;
        pass(2 * roundMs);
        for (let i = 1; i < 3 && roundMs <= leftMs(); i++) pass(roundMs);
        return Promise.resolve(roundMs);
      },
    }),
  };
}

async function rank(
  budgetMs: number,
  candidates: Parameters<ReturnType<typeof played>["candidate"]>[1][],
) {
  const device = played();
  const all = candidates.map((options, i) => device.candidate(i + 1, options));
  const ranking = rankWithin(all, device.clockMs, device.budget(budgetMs));
  const waited = device.wait();
  const times = await ranking;
  const tookMs = device.clockMs();
  await waited;
  return { order: times.map((time) => nameOf(time.tuning)), asked: device.asked, tookMs };
}

test("on a fast adapter large products decide", async () => {
  const { order, asked } = await rank(2000, [
    { smallMs: 0.5, largeMs: 30 },
    { smallMs: 1, largeMs: 10 },
    { smallMs: 0.6, largeMs: 20 },
  ]);
  expect(asked).toEqual(["1", "2", "3", "1 large", "3 large", "2 large"]);
  expect(order).toEqual([2, 3, 1]);
});

test("on a slow adapter small ones do", async () => {
  const { order, asked } = await rank(2000, [{ smallMs: 20 }, { smallMs: 10 }, { smallMs: 30 }]);
  expect(asked).toEqual(["1", "2", "3"]);
  expect(order).toEqual([2, 1, 3]);
});

test("when the budget is spent what was measured decides", async () => {
  const { order, asked, tookMs } = await rank(2000, [
    { smallMs: 600 },
    { smallMs: 300 },
    { smallMs: 1 },
  ]);
  expect(asked).toEqual(["1", "2"]);
  expect(order).toEqual([2, 1]);
  expect(tookMs).toBeLessThan(2000 + 2 * 300);
});

test("large products are begun only where they will fit", async () => {
  // 6 ms on small ones may be 768 ms on large ones: one fits twice, the second does not
  const { order, asked, tookMs } = await rank(2000, [
    { smallMs: 6, largeMs: 600 },
    { smallMs: 7, largeMs: 100 },
  ]);
  expect(asked).toEqual(["1", "2", "1 large"]);
  expect(order).toEqual([1, 2]);
  expect(tookMs).toBeLessThanOrEqual(2000);
});

test("a tile that takes too long to compile is not waited for", async () => {
  const { order, tookMs } = await rank(2000, [
    { compileMs: 60_000, smallMs: 0.1 },
    { compileMs: 300 },
  ]);
  expect(order).toEqual([2]);
  expect(tookMs).toBeLessThanOrEqual(2000);
});

test("when all take too long the first that is compiled is taken", async () => {
  const { order } = await rank(2000, [{ compileMs: 60_000 }, { compileMs: 5000 }]);
  expect(order).toEqual([2]);
});

test("what does not compile is left out, even when nothing does", async () => {
  expect((await rank(2000, [{ compiles: false }, {}])).order).toEqual([2]);
  expect((await rank(2000, [{ compiles: false }, { compiles: false }])).order).toEqual([]);
});
