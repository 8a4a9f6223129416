import fc from "fast-check";
import { expect, test } from "vitest";
import { randomNormal } from "../math/rng";
import { cka } from "./cka";
import { cknna } from "./cknna";
import { linearKernel, topKMask } from "./kernels";
import { layerAlignment } from "./layerAlignment";
import { l2NormaliseRows, takeRows, toMatrix, zeros } from "./matrix";
import { mutualKnn } from "./mutualKnn";

const features = (seed: number, count: number, width: number) =>
  toMatrix(randomNormal({ seed, stream: "alignment" }, count * width), count, width);
const kernelOf = (seed: number, count: number, width: number) =>
  linearKernel(l2NormaliseRows(features(seed, count, width)));

test("a mask holds the k largest of each row, ties to the lower index, never the image itself", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 9 }).chain((n) =>
        fc.record({
          n: fc.constant(n),
          k: fc.integer({ min: 1, max: n - 1 }),
          values: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: n * n, maxLength: n * n }),
        }),
      ),
      ({ n, k, values }) => {
        const mask = topKMask(toMatrix(values, n, n), k, false);
        for (let i = 0; i < n; i++) {
          const order = Array.from({ length: n }, (_, j) => j)
            .filter((j) => j !== i)
            .sort((a, b) => (values[i * n + b] ?? 0) - (values[i * n + a] ?? 0) || a - b);
          const expected = new Uint8Array(n);
          for (const j of order.slice(0, k)) expected[j] = 1;
          expect(mask.subarray(i * n, (i + 1) * n)).toEqual(expected);
        }
      },
    ),
  );
});

test("unbiased CKNNA over all neighbours is unbiased CKA; a layer agrees with itself", () => {
  const [k, l] = [kernelOf(1, 50, 12), kernelOf(2, 50, 20)];
  expect(cknna(k, l, { k: 49 })).toBeCloseTo(cka(k, l), 12);
  expect(mutualKnn(k, k, 5)).toBe(1);
  expect(cknna(k, k)).toBeGreaterThan(0.99);
});

test("layers are scored against the target as the single functions do, beside their chance level", () => {
  const target = features(3, 80, 16);
  const mixed = toMatrix(
    target.values.map(
      (value, at) => value + (randomNormal({ seed: 9, stream: "n" }, at + 1)[at] ?? 0),
    ),
    80,
    16,
  );
  const scores = layerAlignment([features(4, 80, 24), mixed], target, { k: 10, seed: 5 });
  const [layer, teacher] = [mixed, target].map((x) => linearKernel(l2NormaliseRows(x)));
  if (!layer || !teacher) throw new Error("two kernels were made");
  expect(scores.cknna[1]).toBe(cknna(layer, teacher, { k: 10 }));
  expect(scores.cka[1]).toBe(cka(layer, teacher));
  expect(scores.mutualKnn[1]).toBe(mutualKnn(layer, teacher, 10));
  expect(scores.cknna[1]).toBeGreaterThan(2 * scores.chance);
  expect(Math.abs((scores.cknna[0] ?? 1) - scores.chance)).toBeLessThan(0.1);
});

test("rows that are not the same images, and impossible k, are refused with the numbers", () => {
  const k = kernelOf(1, 20, 4);
  expect(() => cknna(k, kernelOf(1, 21, 4))).toThrow(/\[20, 20\] and \[21, 21\]/);
  expect(() => cknna(k, k, { k: 20 })).toThrow(/k = 20 .*19 candidates/);
  expect(() => cka(zeros(3, 3), zeros(3, 3))).toThrow(/at least 4 images, got 3/);
  expect(takeRows(k, [2]).values).toEqual(k.values.subarray(40, 60));
});
