import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { columnMoments, knnClassifyWork, standardise } from "./knn";
import type { LabelledFeatures } from "./labelled";
import { linearProbeWork, probeBatchSize } from "./linearProbe";
import { toMatrix } from "./matrix";
import { finish, runWork } from "./work";

const CLASSES = 3;

/** Class c is shifted along axis c; two axes without information are a thousand times larger. */
function clusters(seed: number, count: number, shift: number): LabelledFeatures {
  const width = 6;
  const labels = Array.from({ length: count }, (_, i) => i % CLASSES);
  const noise = randomNormal({ seed, stream: "clusters" }, count * width);
  const values = noise.map((x, at) => {
    const [row, column] = [Math.floor(at / width), at % width];
    return (x + (labels[row] === column ? shift : 0)) * (column >= width - 2 ? 1000 : 1);
  });
  return { features: toMatrix(values, count, width), labels };
}

const options = { classCount: CLASSES, seed: 4 };

test("separable classes are found in spite of unequal scales, unrelated labels are not", () => {
  const [train, val] = [clusters(1, 240, 4), clusters(2, 120, 4)];
  const found = finish(linearProbeWork(train, val, options));
  expect(found.accuracy.value).toBeGreaterThan(0.95);
  expect(found.accuracy.low).toBeLessThan(found.accuracy.value);
  const blind = finish(linearProbeWork(clusters(1, 240, 0), clusters(2, 120, 0), options));
  expect(blind.accuracy.low).toBeLessThan(1 / CLASSES);
  expect(blind.accuracy.high).toBeGreaterThan(1 / CLASSES);
});

test("a probe follows from its seed, with a pause an epoch and a cancel in between", async () => {
  const [train, val] = [clusters(3, 60, 1), clusters(4, 30, 1)];
  const epochs: number[] = [];
  const first = await runWork(
    linearProbeWork(train, val, { ...options, epochs: 7 }),
    (done, all) => {
      epochs.push(done);
      expect(all).toBe(7);
    },
  );
  expect(epochs).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(finish(linearProbeWork(train, val, { ...options, epochs: 7 }))).toEqual(first);
  const cancelled = runWork(linearProbeWork(train, val, options), (done) => {
    if (done === 2) throw new Error("enough");
  });
  await expect(cancelled).rejects.toThrow("enough");
});

test("the batch is the paper's where rows abound and leaves 2,500 steps where they are few", () => {
  expect(probeBatchSize(1_281_167)).toBe(16384);
  expect(probeBatchSize(300)).toBe(10);
  expect(probeBatchSize(2000)).toBe(72);
  expect(probeBatchSize(5)).toBe(5);
});

test("standardising by the training rows lets neighbours see past huge dimensions", () => {
  const [train, val] = [clusters(5, 300, 5), clusters(6, 150, 5)];
  const moments = columnMoments(train.features);
  const scaled = ({ features, labels }: LabelledFeatures) => ({
    features: standardise(features, moments),
    labels,
  });
  const accuracy = (a: LabelledFeatures, b: LabelledFeatures) =>
    finish(knnClassifyWork(a, b, { classCount: CLASSES, k: 9, temperature: 0.07 })).accuracy.value;
  expect(accuracy(scaled(train), scaled(val))).toBeGreaterThan(0.95);
  expect(accuracy(train, val)).toBeLessThan(0.6);
});

test("labels that do not fit their features are refused with the numbers", () => {
  const train = clusters(7, 30, 1);
  const short = { ...train, labels: [0, 1] };
  expect(() => finish(linearProbeWork(train, short, options))).toThrow(/2 labels .*\[30, 6\]/);
  const foreign = { ...train, labels: Array.from(train.labels, () => 3) };
  expect(() => finish(linearProbeWork(foreign, train, options))).toThrow(/Label 3 .* 3 classes/);
});
