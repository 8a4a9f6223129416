import fc from "fast-check";
import { expect, test } from "vitest";
import { evenly } from "./evenly";

test("a list that is not too long stays as it is; of a longer one the ends and no repeats are kept", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 2, max: 20 }),
      (count, most) => {
        const list = Array.from({ length: count }, (_, i) => i);
        const kept = evenly(list, most);
        expect(kept).toHaveLength(Math.min(count, most));
        expect([kept[0], kept.at(-1)]).toEqual([0, count - 1]);
        expect(new Set(kept).size).toBe(kept.length);
      },
    ),
  );
});
