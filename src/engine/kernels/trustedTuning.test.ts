import { expect, test } from "vitest";
import type { MatMulTuning } from "./device";
import { SHARED_TILES } from "./sharedTile";
import { oneTile } from "./sharedTuning";
import { trustedTuning, type Precision } from "./trustedTuning";

const A: MatMulTuning = oneTile(SHARED_TILES[0]);
const B: MatMulTuning = { kind: "register", tile: [16, 8], dots: true };
const C: MatMulTuning = { kind: "register", tile: [8, 8], dots: true };
const NAMES = new Map<MatMulTuning, string>([
  [A, "A"],
  [B, "B"],
  [C, "C"],
]);
const nameOf = (tuning: MatMulTuning) => NAMES.get(tuning) ?? "?";

/** Operations that disagree, by tuning and, after a colon, precision. */
type Faults = Readonly<Record<string, readonly string[]>>;

async function choose(faults: Faults, hasFloat16: boolean) {
  const asked: string[] = [];
  const check = (tuning: MatMulTuning, precision: Precision) => {
    const key = precision === "float16" ? `${nameOf(tuning)}:16` : nameOf(tuning);
    asked.push(key);
    const operations = faults[key] ?? [];
    return Promise.resolve(operations.map((operation) => ({ operation, reason: "off by 1" })));
  };
  const { tuning, rejected, off, float16 } = await trustedTuning([A, B, C], check, hasFloat16);
  return {
    tuning: nameOf(tuning),
    rejected: rejected.map((one) => nameOf(one.tuning)).join(),
    off: off.map(({ operation }) => operation).join(),
    float16: float16 && (float16.length === 0 ? "agrees" : "disagrees"),
    asked: asked.join(" "),
  };
}

const NONE = { rejected: "", off: "", float16: undefined };

test.each<[string, Faults, boolean, Awaited<ReturnType<typeof choose>>]>([
  ["a sound device: the quickest", {}, false, { ...NONE, tuning: "A", asked: "A" }],
  [
    "float16 where the device has it, with the tile that is used",
    {},
    true,
    { ...NONE, tuning: "A", float16: "agrees", asked: "A A:16" },
  ],
  [
    "a broken tile: the next one, in both precisions",
    { A: ["Linear"], "A:16": ["Linear"] },
    true,
    { ...NONE, tuning: "B", rejected: "A", float16: "agrees", asked: "A B B:16" },
  ],
  [
    "two broken tiles: the third",
    { A: ["Linear"], B: ["LinearGradW", "Attention"] },
    false,
    { ...NONE, tuning: "C", rejected: "A,B", asked: "A B C" },
  ],
  [
    "broken float16 alone: the tile stays, float16 is off",
    { "A:16": ["Linear"] },
    true,
    { ...NONE, tuning: "A", float16: "disagrees", asked: "A A:16" },
  ],
  [
    "an operation that no tile mends is off, and no tile is blamed for it",
    { A: ["Attention"], B: ["Attention"], C: ["Attention"] },
    false,
    { ...NONE, tuning: "A", off: "Attention", asked: "A B C" },
  ],
  [
    "the same, and one tile is broken besides",
    { A: ["Attention", "Linear"], B: ["Attention"], C: ["Attention"] },
    false,
    { ...NONE, tuning: "B", rejected: "A", off: "Attention", asked: "A B C" },
  ],
  [
    "two results of one operation count once",
    { A: ["Linear", "Linear"], B: ["Linear", "Attention"], C: ["Linear", "Attention"] },
    false,
    { ...NONE, tuning: "A", off: "Linear,Linear", asked: "A B C" },
  ],
])("%s", async (_, faults, hasFloat16, expected) => {
  expect(await choose(faults, hasFloat16)).toEqual(expected);
});
