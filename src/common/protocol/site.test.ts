import { expect, test } from "vitest";
import { siteFactsIn } from "./site";

test("what a host answers for site.json is believed only where it says a version and its size", () => {
  expect(siteFactsIn({ version: "0123456789ab", bytes: 12, more: 1 })).toEqual({
    version: "0123456789ab",
    bytes: 12,
  });
  const others = [null, "page", [], {}, { version: 3, bytes: 12 }, { version: "a", bytes: "12" }];
  for (const other of [...others, { version: "a", bytes: -1 }, { version: "a", bytes: NaN }]) {
    expect(siteFactsIn(other)).toBeNull();
  }
});
