import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { randomNormal } from "../../common/math/rng";
import { alignmentLoss, cosineLossPerSample, normalizeRows, ntXentLoss } from "./alignmentLoss";
import { interpolate } from "./interpolate";
import { scoreFromVelocity } from "./score";
import { velocityLossPerSample } from "./velocityLoss";

const tokens = (stream: string, scale = 1) =>
  tf.tensor3d(
    randomNormal({ seed: 1, stream }, 2 * 3 * 4).map((x) => scale * x),
    [2, 3, 4],
  );
const latents = (stream: string) =>
  tf.tensor4d(randomNormal({ seed: 1, stream }, 2 * 2 * 2 * 3), [2, 2, 2, 3]);

test("equal features score -1, opposite ones 1, whatever their length", () => {
  tf.tidy(() => {
    const z = tokens("z");
    expect(cosineLossPerSample(z, tokens("z", 7)).dataSync()).toBeAllClose([-1, -1], {
      atol: 1e-6,
    });
    expect(cosineLossPerSample(z, tf.neg(z)).dataSync()).toBeAllClose([1, 1], { atol: 1e-6 });
  });
});

test("the gradient of normalisation is finite at a zero row and true elsewhere", () => {
  tf.tidy(() => {
    const weights = tf.tensor2d(randomNormal({ seed: 2, stream: "w" }, 8), [2, 4]);
    const f = (x: tf.Tensor): tf.Scalar => tf.sum(tf.mul(normalizeRows(x as tf.Tensor2D), weights));
    const row = [0.3, -1, 2, 0.5];
    const gradient = tf
      .grad(f)(tf.tensor2d([row, [0, 0, 0, 0]]))
      .dataSync();
    expect([...gradient].every(Number.isFinite)).toBe(true);
    const shifted = (i: number, h: number) =>
      f(tf.tensor2d([row.map((x, k) => (k === i ? x + h : x)), [1, 0, 0, 0]])).dataSync()[0] ?? NaN;
    const numeric = row.map((_, i) => (shifted(i, 1e-2) - shifted(i, -1e-2)) / 2e-2);
    expect(gradient.slice(0, 4)).toBeAllClose(numeric, { atol: 1e-3 });
  });
});

test("NT-Xent of indistinguishable tokens is log N, and falls when tokens find their own target", () => {
  tf.tidy(() => {
    const same = tf.ones<tf.Rank.R3>([2, 3, 4]);
    expect(ntXentLoss(same, same, 0.1).dataSync()).toBeAllClose([Math.log(6)], { atol: 1e-5 });
    const z = tokens("z");
    const [aligned = 0] = ntXentLoss(z, z, 0.1).dataSync();
    const [unaligned = 0] = ntXentLoss(z, tokens("other"), 0.1).dataSync();
    expect(aligned).toBeLessThan(unaligned);
  });
});

test("the alignment loss is the mean over encoders", () => {
  tf.tidy(() => {
    const good = { features: tokens("z"), projected: tokens("z") };
    const bad = { features: tokens("z"), projected: tf.neg<tf.Tensor3D>(tokens("z")) };
    expect(alignmentLoss([good, good, bad], "cosine", 0.1).dataSync()).toBeAllClose([-1 / 3], {
      atol: 1e-6,
    });
  });
});

test("features of another grid are refused with both shapes", () => {
  tf.tidy(() => {
    const wide = tf.zeros<tf.Rank.R3>([2, 3, 5]);
    expect(() => cosineLossPerSample(wide, tokens("z"))).toThrow(/\[2, 3, 5\].*\[2, 3, 4\]/);
  });
});

test("interpolation gives the data at 0, the noise at 1, a sample at a time", () => {
  tf.tidy(() => {
    const [x, eps] = [latents("x"), latents("eps")];
    const { xt, velocity } = interpolate(x, eps, Float32Array.of(0, 1), "linear");
    const [xs, es] = [x.dataSync(), eps.dataSync()];
    expect(xt.dataSync()).toBeAllClose([...xs.slice(0, 12), ...es.slice(12)], { atol: 1e-6 });
    expect(velocity.dataSync()).toBeAllClose(
      [...es].map((e, i) => e - (xs[i] ?? 0)),
      {
        atol: 1e-6,
      },
    );
    expect(() => interpolate(x, eps, Float32Array.of(0), "linear")).toThrow("1 times");
  });
});

test("the score of noise around x* is -eps / sigma on both paths", () => {
  tf.tidy(() => {
    const [x, eps] = [latents("x"), latents("eps")];
    const t = Float32Array.of(0.3, 0.8);
    for (const path of ["linear", "cosine"] as const) {
      const { xt, velocity } = interpolate(x, eps, t, path);
      const sigma = [...t].map((s) => (path === "linear" ? s : Math.sin((Math.PI / 2) * s)));
      const want = [...eps.dataSync()].map((e, i) => -e / (sigma[i < 12 ? 0 : 1] ?? NaN));
      expect(scoreFromVelocity(velocity, xt, t, path).dataSync()).toBeAllClose(want, {
        atol: 1e-4,
      });
    }
  });
});

test("the velocity loss is a mean over the pixels of each sample", () => {
  tf.tidy(() => {
    const target = latents("x");
    const off = tf.add<tf.Tensor4D>(target, tf.tensor4d([1, 2], [2, 1, 1, 1]));
    expect(velocityLossPerSample(off, target).dataSync()).toBeAllClose([1, 4], { atol: 1e-5 });
  });
});
