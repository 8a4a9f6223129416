import fc from "fast-check";
import { expect, test } from "vitest";
import { batchIndices } from "./batches";

const setting = fc.record({
  seed: fc.integer({ min: 0, max: 0xffffffff }),
  batchSize: fc.integer({ min: 1, max: 40 }),
  count: fc.integer({ min: 1, max: 60 }),
});

test("consecutive batches visit everything once an epoch, also when they straddle epochs", () => {
  fc.assert(
    fc.property(setting, ({ seed, batchSize, count }) => {
      const epochs = 3;
      const steps = Math.ceil((epochs * count) / batchSize);
      const drawn = Array.from({ length: steps }, (_, step) => [
        ...batchIndices({ seed, step, batchSize, count }),
      ]).flat();
      const everything = Array.from({ length: count }, (_, i) => i);
      for (let epoch = 0; epoch < epochs; epoch++) {
        const visited = drawn.slice(epoch * count, (epoch + 1) * count);
        expect(visited.sort((a, b) => a - b)).toEqual(everything);
      }
    }),
  );
});

test("epochs and seeds order the images differently", () => {
  const at = (seed: number, step: number) => [
    ...batchIndices({ seed, step, batchSize: 64, count: 64 }),
  ];
  expect(at(1, 0)).toEqual(at(1, 0));
  expect(at(1, 1)).not.toEqual(at(1, 0));
  expect(at(2, 0)).not.toEqual(at(1, 0));
});

test("a late step of a long run is exact", () => {
  const request = { seed: 0, step: 9_999_999, batchSize: 1024, count: 3430 };
  const batch = batchIndices(request);
  expect(new Set(batch).size).toBeGreaterThan(900);
  expect(Math.max(...batch)).toBeLessThan(3430);
});

test("an empty training side is refused", () => {
  expect(() => batchIndices({ seed: 0, step: 0, batchSize: 4, count: 0 })).toThrow(
    /from 0 training images/,
  );
});
