import { describe, expect, test } from "vitest";
import { SHARED_TILES, sharedTileName, type SharedTile } from "../../src/engine/kernels/sharedTile";
import { findRaces } from "./findRaces";
import { kernelDispatches, sharedProductDispatches } from "./kernelDispatches";
import { distinct, launchOf } from "./launchOf";
import { programsInSource } from "./programsInSource";
import type { Recorded } from "../recordingDevice";

const dispatches = distinct(kernelDispatches());

/** Every finding in every one of `recorded`, with the dispatch it is in. */
const racesIn = (recorded: ReadonlyMap<string, Recorded>): string[] =>
  [...recorded].flatMap(([name, dispatch]) =>
    findRaces(launchOf(dispatch)).map(({ message }) => `${name}: ${message}`),
  );

test("no kernel lets two invocations meet at one element of memory, or only some at a barrier", () => {
  expect(racesIn(dispatches)).toEqual([]);
});

test("every compute program that the source describes is among those that were read", () => {
  const read = new Set([...dispatches.values()].map(({ program }) => program.name));
  const described = programsInSource("src");
  const unread = described.flatMap(({ file, names }) =>
    names
      .filter((name) => ![...read].some((text) => name.test(text)))
      .map((name) => `${file}: ${name.source}`),
  );
  expect(unread).toEqual([]);
  // and the other way round: what was read comes from a place that was found
  const found = described.flatMap(({ names }) => names);
  expect([...read].filter((text) => !found.some((name) => name.test(text)))).toEqual([]);
});

describe("a product through workgroup memory", () => {
  const others: readonly SharedTile[] = [
    { threads: [8, 8], results: [4, 4], depth: 8 },
    { threads: [4, 8], results: [8, 4], depth: 12 },
    { threads: [2, 4], results: [4, 8], depth: 20 },
  ];
  test.each([...SHARED_TILES, ...others].map((tile) => ({ name: sharedTileName(tile), tile })))(
    "of tiles of $name has no race",
    ({ tile }) => {
      expect(racesIn(distinct(sharedProductDispatches(tile)))).toEqual([]);
    },
  );
});
