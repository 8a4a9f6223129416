import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { linearCkaWork } from "./cka";
import { cmmdWork } from "./cmmd";
import { fitGaussian, frechetBetweenWork } from "./frechet";
import { kidIntervalWork, kidOverSubsetsWork } from "./kid";
import { knnClassifyWork } from "./knn";
import { toMatrix } from "./matrix";
import { principalComponentsWork } from "./pca";
import { prdcWork } from "./prdc";
import { probeFeaturesWork } from "./probeFeatures";
import { realReferenceWork } from "./realReference";
import { sampleBatteryWork, sampleReferenceWork } from "./sampleBattery";
import { finish, runWork, type Work } from "./work";

const features = (seed: number) =>
  toMatrix(randomNormal({ seed, stream: "work" }, 90 * 40), 90, 40);
const [x, y] = [features(1), features(2)];
const labels = Array.from({ length: 90 }, (_, i) => i % 3);
const subset = Array.from({ length: 20 }, (_, i) => i);

const reference = finish(realReferenceWork(x, 1));
const sides = [
  { features: x, labels },
  { features: y, labels },
] as const;
const spaces = [
  { pooled: x, spatial: y },
  { pooled: y, spatial: x, logits: y },
] as const;

const battery = finish(sampleReferenceWork(spaces[0], 1));

const WORKS: readonly (readonly [name: string, start: () => Work<unknown>])[] = [
  ["KID with its interval", () => kidIntervalWork(x, y)],
  ["KID over subsets", () => kidOverSubsetsWork(x, y, [subset, subset], [subset, subset])],
  ["precision, recall, density, coverage", () => prdcWork(x, y, 5)],
  ["linear CKA", () => linearCkaWork(x, y)],
  ["Fréchet distance", () => frechetBetweenWork(fitGaussian(x), fitGaussian(y))],
  ["k-NN", () => knnClassifyWork(...sides, { classCount: 3 })],
  ["MMD", () => cmmdWork(x, y)],
  ["principal components", () => principalComponentsWork(x, 3)],
  [
    "linear probe with k-NN",
    () => probeFeaturesWork(...sides, { classCount: 3, seed: 1, epochs: 4 }),
  ],
  ["comparison with a real reference", () => reference.compare(y)],
  ["the sample battery", () => sampleBatteryWork(battery, spaces[1])],
];

test("a real reference: progress rises, and pauses change nothing", async () => {
  const shares: number[] = [];
  const paused = await runWork(
    realReferenceWork(x, 1),
    (done, all) => void shares.push(done / all),
  );
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(finish(paused.floors(30))).toEqual(finish(reference.floors(30)));
});

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
