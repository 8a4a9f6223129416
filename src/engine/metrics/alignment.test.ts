import fc from "fast-check";
import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { cka, linearCkaWork } from "./cka";
import { cknna, cknnaOfNeighbours, cknnaTerms, includesSelf } from "./cknna";
import { linearKernel } from "./kernels";
import { layerAlignment, layerAlignmentWork } from "./layerAlignment";
import { l2NormaliseRows, takeRows, toMatrix, zeros, type Matrix } from "./matrix";
import { mutualKnn } from "./mutualKnn";
import { featureNeighbours, kernelNeighbours, nearestRows } from "./neighbours";
import { finish, runWork } from "./work";

const features = (seed: number, count: number, width: number) =>
  toMatrix(randomNormal({ seed, stream: "alignment" }, count * width), count, width);
const kernelOf = (seed: number, count: number, width: number) =>
  linearKernel(l2NormaliseRows(features(seed, count, width)));

test("the lists hold the k largest of each row, ties to the lower index, never the image itself", () => {
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
        const found = kernelNeighbours(toMatrix(values, n, n), k, false);
        for (let i = 0; i < n; i++) {
          const order = Array.from({ length: n }, (_, j) => j)
            .filter((j) => j !== i)
            .sort((a, b) => (values[i * n + b] ?? 0) - (values[i * n + a] ?? 0) || a - b);
          expect([...found.index.subarray(i * k, (i + 1) * k)]).toEqual(order.slice(0, k));
        }
      },
    ),
  );
});

test.each([false, true])("lists from features equal those of the kernel (self: %s)", (self) => {
  // small integers: every product is exact and ties are many; 75 rows fill no whole number of blocks
  const values = features(6, 75, 3).values.map((value) => Math.round(2 * value));
  const rows = toMatrix(values, 75, 3);
  const streamed = finish(featureNeighbours(rows, 7, self));
  const { rowMeans, ...lists } = kernelNeighbours(linearKernel(rows), 7, self);
  expect(streamed).toMatchObject(lists);
  streamed.rowMeans.forEach((mean, i) => {
    expect(mean).toBeCloseTo(rowMeans[i] ?? NaN, 12);
  });
  if (self) expect(finish(nearestRows(rows, rows, 7))).toEqual(lists);
});

test.each(["unbiased", "biased", "paperEquations"] as const)(
  "CKNNA without kernels equals CKNNA of kernels: %s",
  (variant) => {
    const [a, b] = [features(7, 60, 9), features(8, 60, 5)];
    const [ofA, ofB] = [a, b].map((x) => finish(featureNeighbours(x, 6, includesSelf(variant))));
    if (!ofA || !ofB) throw new Error("two lists were made");
    const expected = cknnaTerms(linearKernel(a), linearKernel(b), { k: 6, variant });
    const found = cknnaOfNeighbours(ofA, ofB, variant);
    expect(found.cknna).toBeCloseTo(expected.cknna, 12);
    expect(found.overlap).toBe(expected.overlap);
  },
);

test.each([true, false])(
  "CKA from features equals CKA of kernels, also far from 0 (unbiased: %s)",
  (unbiased) => {
    const shifted = (x: Matrix) => ({ ...x, values: x.values.map((value) => value + 3) });
    const [a, b] = [shifted(features(9, 40, 6)), shifted(features(10, 40, 50))];
    const expected = cka(linearKernel(a), linearKernel(b), { unbiased });
    expect(finish(linearCkaWork(a, b, { unbiased }))).toBeCloseTo(expected, 9);
  },
);

test("progress rises to the end and an error of the hook ends the work", async () => {
  const [layer, target] = [features(1, 100, 8), features(2, 100, 8)];
  const options = { k: 5, seed: 1 };
  const shares: number[] = [];
  const scores = await runWork(layerAlignmentWork([layer], target, options), (done, all) => {
    shares.push(done / all);
  });
  expect(scores).toEqual(layerAlignment([layer], target, options));
  expect(shares.length).toBeGreaterThan(4);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
  let calls = 0;
  const cancelled = runWork(layerAlignmentWork([layer], target, options), () => {
    if (++calls === 2) throw new Error("cancelled here");
  });
  await expect(cancelled).rejects.toThrow("cancelled here");
  expect(calls).toBe(2);
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
  expect(scores.cknna[1]).toBeCloseTo(cknna(layer, teacher, { k: 10 }), 12);
  expect(scores.cka[1]).toBeCloseTo(cka(layer, teacher), 12);
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
