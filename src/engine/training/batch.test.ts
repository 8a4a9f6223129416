import { expect, test } from "vitest";
import { float32ToHalf } from "../../common/math/half";
import { gatherRows, makeBatch, rowsInMemory, sampleLatents, type BatchSource } from "./batch";

const LATENT = 8;
/** Image i has mean i everywhere and standard deviation 0, so a latent says which image it is. */
const images = 10;
const moments = Float32Array.from({ length: images * 2 * LATENT }, (_, at) =>
  at % (2 * LATENT) < LATENT ? Math.floor(at / (2 * LATENT)) : 0,
);
const source: BatchSource = {
  latents: rowsInMemory({ values: float32ToHalf(moments), rowLength: 2 * LATENT }),
  latentScale: 2,
  trainImages: Uint32Array.of(1, 3, 5, 7, 9),
  labels: Int32Array.from({ length: images }, (_, i) => i % 3),
  nullLabel: 3,
};
const settings = {
  seed: 4,
  batchSize: 4,
  labelDrop: 0,
  timeLaw: "uniform",
  path: "linear",
} as const;

test("a batch is a function of seed and step alone", async () => {
  expect(await makeBatch(source, settings, 3)).toEqual(await makeBatch(source, settings, 3));
  const other = await makeBatch(source, settings, 4);
  expect(other.noise).not.toEqual((await makeBatch(source, settings, 3)).noise);
  expect(other.t).not.toEqual((await makeBatch(source, settings, 3)).t);
});

test("latents, labels and target rows belong to the same training images", async () => {
  const batch = await makeBatch(source, settings, 1);
  batch.images.forEach((image, i) => {
    expect(source.trainImages).toContain(image);
    expect(batch.latents[i * LATENT]).toBe(2 * image); // scale times mean
    expect(batch.labels[i]).toBe(image % 3);
  });
});

test("labels are dropped at the wanted rate, to the null class", async () => {
  const steps = 500;
  let dropped = 0;
  for (let step = 1; step <= steps; step++) {
    const { labels } = await makeBatch(source, { ...settings, labelDrop: 0.1 }, step);
    dropped += labels.filter((label) => label === 3).length;
  }
  // 2,000 draws: the standard deviation of the rate is 0.0067
  expect(dropped / (steps * 4)).toBeGreaterThan(0.08);
  expect(dropped / (steps * 4)).toBeLessThan(0.12);
});

test("the posterior is (mean + std n) scale", () => {
  const row = Float32Array.of(1, 2, 0.5, 0.25);
  expect(sampleLatents(row, 4, Float32Array.of(2, -4), 10)).toEqual(Float32Array.of(20, 10));
});

test("gathered rows keep the order asked for", () => {
  const rows = { values: float32ToHalf(Float32Array.of(1, 2, 3, 4)), rowLength: 2 };
  expect(gatherRows(rows, [1, 0])).toEqual(Float32Array.of(3, 4, 1, 2));
});
