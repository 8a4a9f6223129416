import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fastest, REGISTER_TUNINGS } from "./chooseTuning";
import { fillBy } from "./measureFill";
import { sharedPlan, type Shape, type TileSpeed } from "./sharedPlan";
import { SHARED_TILES, sideOf, tileBytes } from "./sharedTile";
import { oneTile, shortList, tileSpeeds } from "./sharedTuning";
import type { Sizes } from "./rankWithin";

const SIZES: Sizes = [2048, 512, 1024];
const [FIRST, ...OTHERS] = SHARED_TILES;
const sizeOf = (one: TileSpeed) => sideOf(one.tile, 0).length * sideOf(one.tile, 1).length;
const byName = (rows: number, columns: number) => {
  const found = SHARED_TILES.find(
    (tile) => sideOf(tile, 0).length === rows && sideOf(tile, 1).length === columns,
  );
  if (!found) throw new Error(`No tile of ${rows}x${columns}.`);
  return found;
};

test("tiles fit the workgroup memory and the threads that WebGPU promises", () => {
  for (const tile of SHARED_TILES) {
    expect(tileBytes(tile, false)).toBeLessThanOrEqual(16_384);
    expect(tile.threads[0] * tile.threads[1]).toBeLessThanOrEqual(256);
    expect(tile.results.every((length) => length % 4 === 0)).toBe(true);
  }
});

describe("a plan", () => {
  const shape = fc.tuple(
    fc.integer({ min: 1, max: 9000 }),
    fc.integer({ min: 1, max: 5000 }),
    fc.integer({ min: 1, max: 9000 }),
  );
  const speeds: readonly [TileSpeed, ...TileSpeed[]] = [
    { tile: FIRST, rate: 1 },
    ...OTHERS.map((tile) => ({ tile, rate: 1 })),
  ];

  test("cuts all of K into parts that are full but for the last", () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 600 }), ([m, n, k], fill) => {
        const { tile, parts, partLength } = sharedPlan([m, n, k], fill, speeds);
        expect(partLength % tile.depth).toBe(0);
        expect(parts * partLength).toBeGreaterThanOrEqual(k);
        expect((parts - 1) * partLength).toBeLessThan(k);
      }),
    );
  });

  test("is the same every time it is asked for", () => {
    fc.assert(
      fc.property(shape, (any) => {
        expect(sharedPlan(any, 128, speeds)).toEqual(sharedPlan(any, 128, speeds));
      }),
    );
  });

  const workgroups = ([m, n, k]: Shape, fill: number) => {
    const { tile, parts } = sharedPlan([m, n, k], fill, speeds);
    return Math.ceil(m / sideOf(tile, 0).length) * Math.ceil(n / sideOf(tile, 1).length) * parts;
  };

  test("fills the adapter with the weight gradient of a 128-wide layer", () => {
    expect(workgroups([128, 128, 2048], 128)).toBeGreaterThanOrEqual(64);
    expect(workgroups([128, 128, 2048], 1)).toBeLessThanOrEqual(4);
  });

  test("takes large tiles for large products where they are faster", () => {
    const large = byName(128, 128);
    const some: readonly [TileSpeed, TileSpeed] = [
      { tile: FIRST, rate: 1 },
      { tile: large, rate: 1.5 },
    ];
    expect(sharedPlan([8192, 4096, 1024], 128, some).tile).toBe(large);
    expect(sharedPlan([256, 256, 64], 128, some).tile).toBe(FIRST);
  });
});

describe("speeds", () => {
  const timed = (index: number, ms: number) => ({
    ...{ tuning: oneTile(SHARED_TILES[index] ?? FIRST), sizes: SIZES, ms },
  });

  test("are in the proportion of the times where the adapter is full", () => {
    const [a, b] = tileSpeeds([timed(0, 2), timed(0, 4)], 8);
    expect((a?.rate ?? NaN) / (b?.rate ?? NaN)).toBeCloseTo(2);
  });

  test("are not those of times that failed, nor of tiles in registers", () => {
    const register = { tuning: REGISTER_TUNINGS[0], sizes: SIZES, ms: 1 };
    expect(tileSpeeds([timed(0, Infinity), timed(1, NaN), register], 64)).toEqual([]);
  });

  const anySpeeds = fc
    .array(fc.double({ min: 0.1, max: 10, noNaN: true }), {
      ...{ minLength: SHARED_TILES.length, maxLength: SHARED_TILES.length },
    })
    .map((rates) => SHARED_TILES.map((tile, i) => ({ tile, rate: rates[i] ?? 1 })));

  test("on the short list grow with the tile, and the fastest tile is on it", () => {
    fc.assert(
      fc.property(anySpeeds, (speeds) => {
        const short = [...shortList(speeds)].sort((a, b) => sizeOf(a) - sizeOf(b));
        const rates = short.map(({ rate }) => rate);
        expect(rates).toEqual([...rates].sort((a, b) => a - b));
        expect(Math.max(...rates)).toBe(Math.max(...speeds.map(({ rate }) => rate)));
      }),
    );
  });

  test("join the tiles only where one through workgroup memory is the fastest", () => {
    const register = { tuning: REGISTER_TUNINGS[0], sizes: SIZES, ms: 1 };
    expect(fastest({ times: [] })).toBeUndefined();
    expect(fastest({ times: [register, timed(0, 2)] })).toBe(REGISTER_TUNINGS[0]);
    const times = SHARED_TILES.map((_, i) => timed(i, 10 - i));
    const joined = fastest({ times, fill: 64 });
    expect(joined).toMatchObject({ kind: "shared", fill: 64 });
    expect(joined?.kind === "shared" && joined.speeds.length).toBeGreaterThan(1);
  });
});

describe("the fill", () => {
  /** An adapter with so many places for workgroups. */
  const adapter = (places: number) => (groups: number) =>
    Promise.resolve(Math.ceil(groups / places) + 0.1);

  test.each([
    [16, 16],
    [132, 128],
    [264, 256],
    [1, 8], // never below the fewest that are tried
    [100_000, 512],
  ])("of an adapter with %i places is %i", async (places, fill) => {
    expect(await fillBy(adapter(places))).toBe(fill);
  });
});
