import { expect, test } from "vitest";
import { REGISTER_TUNINGS, TUNINGS } from "../../engine/kernels/chooseTuning";
import { SHARED_TILES } from "../../engine/kernels/sharedTile";
import { oneTile } from "../../engine/kernels/sharedTuning";
import { tuningName } from "../../engine/kernels/tuningName";
import { disagreementText, rankingOf } from "./tuning";

const BROWSER = "a browser 1";
const NAMES = TUNINGS.map(tuningName);
const ALL = { browser: BROWSER, ranked: NAMES, failed: [] };

test("every tuning has a name of its own", () => {
  expect(new Set(NAMES).size).toBe(TUNINGS.length);
});

test("a stored order is taken up, without what failed", () => {
  const [first = "", ...others] = [...NAMES].reverse();
  const failed = [{ name: first, reason: "Linear off by 1" }];
  const ranking = rankingOf({ browser: BROWSER, ranked: others, failed }, BROWSER);
  expect(ranking?.ranked.map(tuningName)).toEqual(others);
  expect(ranking?.failed).toEqual(failed);
});

test("speeds of tiles through workgroup memory are taken up, unknown names left out", () => {
  const [tile] = SHARED_TILES;
  const rates = [
    { name: tuningName(oneTile(tile)), rate: 2 },
    { name: "shared 999x999", rate: 3 },
    { name: tuningName(REGISTER_TUNINGS[0]), rate: 4 },
  ];
  const stored = { browser: BROWSER, ranked: NAMES, failed: [], shared: { fill: 256, rates } };
  expect(rankingOf(stored, BROWSER)?.shared).toEqual({ fill: 256, speeds: [{ tile, rate: 2 }] });
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["a number", 3],
  ["an empty text", ""],
  ["one name, as early versions stored it", NAMES[0]],
  ["speeds that are none", { ...ALL, shared: { fill: 0, rates: [] } }],
  ["a tuning itself", { kind: "shared" }],
  ["a list", ["a"]],
  ["another browser", { browser: "a browser 2", ranked: NAMES, failed: [] }],
  ["fewer tunings than there are", { browser: BROWSER, ranked: NAMES.slice(1), failed: [] }],
  [
    "all failed",
    { browser: BROWSER, ranked: [], failed: NAMES.map((name) => ({ name, reason: "" })) },
  ],
])("%s is measured over", (_, stored) => {
  expect(rankingOf(stored, BROWSER)).toBeUndefined();
});

test("findings are said in words, each once", () => {
  const found = [
    { operation: "StudioLinear", reason: "off by 0.8" },
    { operation: "StudioLinear", reason: "off by 0.8" },
    { operation: "StudioAttention", reason: "gives no number" },
  ];
  expect(disagreementText(found)).toBe("Linear off by 0.8, Attention gives no number");
});
