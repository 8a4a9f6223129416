import fc from "fast-check";
import { expect, test } from "vitest";
import { assignSlots, type Lifetime } from "./planPool";

const life = (size: number, from: number, until: number, usage = 1): Lifetime => ({
  size,
  usage,
  from,
  until,
});
const bytesOf = (lifetimes: readonly Lifetime[]) =>
  assignSlots(lifetimes).slots.reduce((sum, { size }) => sum + size, 0);

test("a smaller tensor follows a larger one in its buffer, never one of another usage", () => {
  expect(bytesOf([life(400, 0, 1), life(100, 2, 3)])).toBe(400);
  expect(bytesOf([life(100, 0, 1), life(400, 2, 3)])).toBe(400);
  expect(bytesOf([life(400, 0, 2), life(100, 1, 3)])).toBe(500);
  expect(bytesOf([life(400, 0, 1), life(100, 2, 3, 2)])).toBe(500);
});

test("what is there from before the step to its end shares with nobody", () => {
  expect(bytesOf([life(100, 0, 1), life(100, -Infinity, Infinity), life(100, 2, 3)])).toBe(200);
});

const lifetimes = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.nat(40), fc.integer({ min: 1, max: 12 }), fc.nat(1))
    .map(([size, from, time, usage]) => life(size, from, from + time, usage)),
  { maxLength: 30 },
);

test("no two tensors are in a buffer at once, each fits, and no more is taken than one buffer each", () => {
  fc.assert(
    fc.property(lifetimes, (all) => {
      const { slots, slotOf } = assignSlots(all);
      all.forEach((one, i) => {
        const slot = slots[slotOf[i] ?? -1];
        expect(slot?.size).toBeGreaterThanOrEqual(one.size);
        expect(slot?.usage).toBe(one.usage);
        all.forEach((other, k) => {
          if (k === i || slotOf[k] !== slotOf[i]) return;
          expect(one.until < other.from || other.until < one.from).toBe(true);
        });
      });
      expect(bytesOf(all)).toBeLessThanOrEqual(all.reduce((sum, { size }) => sum + size, 0));
    }),
  );
});
