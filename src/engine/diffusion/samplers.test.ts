import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { guidedVelocity, isGuided, type Network, type VelocityFunction } from "./guidance";
import { odeTimes, sampleEuler, sampleEulerMaruyama, sampleHeun, sdeTimes } from "./samplers";

const SHAPE: [number, number, number, number] = [2, 2, 2, 1];
const latents = () => tf.tensor4d([0.5, -1, 2, 0.1, -0.3, 0.7, 1.5, -2], SHAPE);

/** dx/dt = x: from t = 1 to 0 the exact flow divides by e. */
const growing: VelocityFunction = (x) => tf.mul(x, 1);

async function errorOf(sample: (start: Tensor4D) => Promise<Tensor4D>): Promise<number> {
  const start = latents();
  const end = await sample(start);
  const ratio = (end.dataSync()[0] ?? NaN) / 0.5;
  tf.dispose([start, end]);
  return Math.abs(ratio - Math.exp(-1));
}

test("Euler is of first order, Heun of second (its last step is Euler's)", async () => {
  const euler = (steps: number) => errorOf((x) => sampleEuler(growing, x, { steps }));
  const heun = (steps: number) => errorOf((x) => sampleHeun(growing, x, { steps }));
  expect((await euler(40)) / (await euler(80))).toBeCloseTo(2, 1);
  // one Euler step of size h costs h²/2, so the whole is of second order too
  expect((await heun(40)) / (await heun(80))).toBeGreaterThan(3.5);
  expect(await heun(40)).toBeLessThan((await euler(40)) / 10);
});

test("a constant velocity eps - x* is followed exactly to x*", async () => {
  const [start, data] = [latents(), tf.ones<tf.Rank.R4>(SHAPE)];
  const velocity: VelocityFunction = () => tf.sub(start, data);
  const end = await sampleEuler(velocity, start, { steps: 7 });
  expect(end.dataSync()).toBeAllClose(data.dataSync(), { atol: 1e-6 });
  tf.dispose([start, data, end]);
});

test("the SDE adds steps - 1 noises, and none in the last step", async () => {
  const asked: number[] = [];
  const noise = (index: number): Tensor4D => {
    asked.push(index);
    return tf.zeros(SHAPE);
  };
  const start = latents();
  const end = await sampleEulerMaruyama(growing, start, { steps: 4, path: "linear", noise });
  expect(asked).toEqual([0, 1, 2]);
  tf.dispose([start, end]);
});

test("time grids: the ODE ends at 0, the SDE steps from 0.04 to 0", () => {
  expect([...odeTimes(2)]).toEqual([1, 0.5, 0]);
  expect([...sdeTimes(3)]).toEqual([1, 0.52, 0.04, 0]);
});

test("samplers leave their result and nothing else, also when cancelled half-way", async () => {
  const start = latents();
  const noise = (): Tensor4D => tf.ones(SHAPE);
  const before = tf.memory().numTensors;
  const sde = (onStep?: (index: number) => void) =>
    sampleEulerMaruyama(growing, start, { steps: 5, path: "cosine", noise }, onStep);
  (await sde()).dispose();
  (await sampleHeun(growing, start, { steps: 5 })).dispose();
  expect(tf.memory().numTensors).toBe(before);
  const cancelled = sde((index) => {
    if (index === 2) throw new Error("cancelled");
  });
  await expect(cancelled).rejects.toThrow("cancelled");
  expect(tf.memory().numTensors).toBe(before);
  start.dispose();
});

test("guidance acts on its interval with both ends, and never at scale 1", () => {
  const options = { labels: [0], nullLabel: 3, scale: 2, low: 0.25, high: 0.75 };
  expect([0.2, 0.25, 0.5, 0.75, 0.8].map((t) => isGuided(options, t))).toEqual([
    false,
    true,
    true,
    true,
    false,
  ]);
  expect(isGuided({ ...options, scale: 1 }, 0.5)).toBe(false);
});

test("guidance is judged by the step's start and extrapolates from the null label", () => {
  const calls: { batch: number; labels: number[]; t: number[] }[] = [];
  /** Velocity equal to the label, so that guidance can be read off. */
  const network: Network = (x, t, y) => {
    calls.push({ batch: x.shape[0], labels: [...y.dataSync()], t: [...t] });
    return tf.add(tf.zerosLike(x), tf.reshape(tf.cast(y, "float32"), [-1, 1, 1, 1]));
  };
  const options = { labels: [1, 2], nullLabel: 4, scale: 3, low: 0.5, high: 1 };
  const velocity = guidedVelocity(network, options);
  tf.tidy(() => {
    const guided = velocity(latents(), 0.25, 0.5);
    expect(guided.dataSync()).toBeAllClose([-5, -5, -5, -5, -2, -2, -2, -2], { atol: 1e-6 });
    const plain = velocity(latents(), 0.25, 0.25);
    expect(plain.dataSync()).toBeAllClose([1, 1, 1, 1, 2, 2, 2, 2], { atol: 1e-6 });
  });
  expect(calls).toEqual([
    { batch: 4, labels: [1, 2, 4, 4], t: [0.25, 0.25, 0.25, 0.25] },
    { batch: 2, labels: [1, 2], t: [0.25, 0.25] },
  ]);
});
