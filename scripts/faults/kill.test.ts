import { expect, test } from "vitest";
import { killOf, KILLS } from "./kill";
import { TROUBLES } from "./trouble";

test("a seed gives the same kills again, of every kind, at all times", () => {
  const kills = Array.from({ length: 300 }, (_, round) => killOf(7, round));
  expect(kills).toEqual(Array.from({ length: 300 }, (_, round) => killOf(7, round)));
  for (const kind of KILLS) {
    expect(kills.filter((kill) => kill.kind === kind).length).toBeGreaterThan(60);
  }
  const times = kills.map(({ afterMs }) => afterMs);
  expect(Math.min(...times)).toBeLessThan(400);
  expect(Math.max(...times)).toBeGreaterThan(25_000);
  expect(killOf(8, 0)).not.toEqual(killOf(7, 0));
  for (const kind of TROUBLES) {
    expect(kills.filter(({ trouble }) => trouble?.kind === kind).length).toBeGreaterThan(8);
  }
  for (const { trouble, afterMs: end } of kills) {
    if (trouble) expect(trouble.afterMs + trouble.forMs).toBeLessThan(end);
  }
});
