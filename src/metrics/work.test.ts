import { expect, test } from "vitest";
import { randomNormal } from "../math/rng";
import { linearCkaWork } from "./cka";
import { fitGaussian, frechetBetweenWork } from "./frechet";
import { kidIntervalWork, kidOverSubsetsWork } from "./kid";
import { knnClassifyWork } from "./knn";
import { toMatrix } from "./matrix";
import { prdcWork } from "./prdc";
import { finish, runWork, type Work } from "./work";

const features = (seed: number) =>
  toMatrix(randomNormal({ seed, stream: "work" }, 90 * 40), 90, 40);
const [x, y] = [features(1), features(2)];
const labels = Array.from({ length: 90 }, (_, i) => i % 3);
const subset = Array.from({ length: 20 }, (_, i) => i);

const WORKS: readonly (readonly [name: string, start: () => Work<unknown>])[] = [
  ["KID with its interval", () => kidIntervalWork(x, y)],
  ["KID over subsets", () => kidOverSubsetsWork(x, y, [subset, subset], [subset, subset])],
  ["precision, recall, density, coverage", () => prdcWork(x, y, 5)],
  ["linear CKA", () => linearCkaWork(x, y)],
  ["Fréchet distance", () => frechetBetweenWork(fitGaussian(x), fitGaussian(y))],
  [
    "k-NN",
    () => knnClassifyWork({ features: x, labels }, { features: y, labels }, { classCount: 3 }),
  ],
];

test.each(WORKS)("%s: progress rises up to 1, and pauses change nothing", async (_, start) => {
  const shares: number[] = [];
  const paused = await runWork(start(), async (done, all) => {
    await Promise.resolve();
    shares.push(done / all);
  });
  expect(paused).toEqual(finish(start()));
  expect(shares.length).toBeGreaterThan(0);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares.at(-1)).toBeLessThanOrEqual(1);
});
