import fc from "fast-check";
import { expect, test } from "vitest";
import { cardPlace, TOUR_STOPS } from "./stops";

test("the tour has five stops", () => {
  expect(TOUR_STOPS).toHaveLength(5);
});

test("a card is always inside a window that has room for it", () => {
  const size = fc.record({ width: fc.integer({ min: 1, max: 2000 }), height: fc.nat(2000) });
  const place = fc.record({ left: fc.integer({ min: -500, max: 2500 }), top: fc.nat(2500) });
  fc.assert(
    fc.property(place, size, (at, target) => {
      const card = { width: 300, height: 150 };
      const { left, top } = cardPlace({ ...at, ...target }, card, { width: 1024, height: 768 });
      expect(left).toBeGreaterThanOrEqual(12);
      expect(top).toBeGreaterThanOrEqual(12);
      expect(left + card.width).toBeLessThanOrEqual(1024 - 12);
      expect(top + card.height).toBeLessThanOrEqual(768 - 12);
    }),
  );
});

test("a card stands below its target where there is room, else above it", () => {
  const card = { width: 300, height: 150 };
  const window = { width: 1024, height: 768 };
  const target = { left: 100, width: 50, height: 40 };
  expect(cardPlace({ ...target, top: 100 }, card, window)).toEqual({ left: 100, top: 152 });
  expect(cardPlace({ ...target, top: 700 }, card, window)).toEqual({ left: 100, top: 538 });
});
