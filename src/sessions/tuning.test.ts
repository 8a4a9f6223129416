import { expect, test } from "vitest";
import { TUNINGS } from "../kernels/chooseTuning";
import { tuningName, tuningNamed } from "./tuning";

test("every tuning has a name of its own and is found by it", () => {
  expect(new Set(TUNINGS.map(tuningName)).size).toBe(TUNINGS.length);
  for (const tuning of TUNINGS) expect(tuningNamed(tuningName(tuning))).toBe(tuning);
});

test("what is stored is believed only when it names a tuning there is", () => {
  for (const stored of [
    undefined,
    null,
    3,
    "",
    "register 999x999 dots",
    { kind: "shared" },
    ["a"],
  ]) {
    expect(tuningNamed(stored)).toBeUndefined();
  }
});
