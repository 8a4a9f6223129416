import { expect, test } from "vitest";
import { TUNINGS } from "../../engine/kernels/chooseTuning";
import { tuningName } from "../../engine/kernels/tuningName";
import { disagreementText, rankingOf } from "./tuning";

const BROWSER = "a browser 1";
const NAMES = TUNINGS.map(tuningName);

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

test("the one name that earlier versions stored comes first", () => {
  for (const name of NAMES) {
    const ranking = rankingOf(name, BROWSER);
    const [first, ...others] = ranking?.ranked.map(tuningName) ?? [];
    expect(first).toBe(name);
    expect(new Set(others)).toEqual(new Set(NAMES.filter((other) => other !== name)));
    expect(ranking?.failed).toEqual([]);
  }
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["a number", 3],
  ["an empty text", ""],
  ["the name of no tuning", "register 999x999 dots"],
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
