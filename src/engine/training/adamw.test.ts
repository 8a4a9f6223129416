import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { adamWUpdate, initAdamW, type AdamWOptions } from "./adamw";
import { emaUpdate } from "./ema";
import { clipCoefficient, globalNorm } from "./gradients";

const OPTIONS: AdamWOptions = {
  learningRate: 0.05,
  beta1: 0.8,
  beta2: 0.95,
  eps: 1e-3,
  weightDecay: 0.2,
};

/** torch.optim.AdamW on one number, in float64, as its documentation writes it. */
function adamWScalar(start: number, gradients: readonly number[], options: AdamWOptions): number {
  const { learningRate: lr, beta1, beta2, eps, weightDecay } = options;
  let [p, m, v] = [start, 0, 0];
  gradients.forEach((g, i) => {
    p *= 1 - lr * weightDecay;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const [mHat, vHat] = [m / (1 - beta1 ** (i + 1)), v / (1 - beta2 ** (i + 1))];
    p -= (lr * mHat) / (Math.sqrt(vHat) + eps);
  });
  return p;
}

test("updates follow the documented formula, eps and decay included", () => {
  const series = [
    [0.5, -2, 0],
    [0.1, 0.3, 1e-4],
    [-0.7, 0.3, -1e-4],
    [0.2, 4, 0],
  ];
  const start = [1, -0.5, 0.25];
  tf.tidy(() => {
    let params: Record<string, tf.Tensor> = { w: tf.tensor1d(start) };
    let state = initAdamW(params, ["w"]);
    series.forEach((g, i) => {
      const gradients = { w: tf.tensor1d(g) };
      const next = adamWUpdate(params, gradients, state, OPTIONS, () => i + 1, tf.scalar(0.5));
      params = { ...next.params };
      state = next;
    });
    const want = start.map((p, k) =>
      adamWScalar(
        p,
        series.map((g) => 0.5 * (g[k] ?? 0)),
        OPTIONS,
      ),
    );
    expect(params.w?.dataSync()).toBeAllClose(want, { atol: 2e-6 });
  });
});

test("a parameter without a gradient is passed on as the same tensor", () => {
  tf.tidy(() => {
    const params = { moved: tf.ones([2]), still: tf.ones([2]) };
    const state = initAdamW(params, ["moved", "still"]);
    const next = adamWUpdate(
      params,
      { moved: tf.ones([2]) },
      state,
      OPTIONS,
      () => 1,
      tf.scalar(1),
    );
    expect(next.params.still).toBe(params.still);
    expect(next.expAvg.still).toBe(state.expAvg.still);
    expect(next.params.moved).not.toBe(params.moved);
  });
});

test("EMA moves towards the parameters, and a new one starts as itself", () => {
  tf.tidy(() => {
    const ema = { a: tf.tensor1d([1]) };
    const next = emaUpdate(ema, { a: tf.tensor1d([2]), b: tf.tensor1d([5]) }, 0.9);
    expect(next.a?.dataSync()).toBeAllClose([1.1], { atol: 1e-6 });
    expect(next.b?.dataSync()).toBeAllClose([5], { atol: 0 });
  });
});

test("the norm runs over all gradients, and clipping scales only what is above the limit", () => {
  tf.tidy(() => {
    const norm = globalNorm({ a: tf.tensor1d([3, 0]), b: tf.tensor2d([[0], [4]]) });
    expect(norm.dataSync()).toBeAllClose([5], { atol: 1e-6 });
    expect(clipCoefficient(norm, 1).dataSync()).toBeAllClose([1 / (5 + 1e-6)], { atol: 1e-7 });
    expect(clipCoefficient(norm, 6).dataSync()).toBeAllClose([1], { atol: 0 });
  });
});

test("a parameter that joins late gets the bias corrections of its own first update", () => {
  const gradient = 0.3;
  tf.tidy(() => {
    const params = { old: tf.tensor1d([1]), late: tf.tensor1d([1]) };
    const state = initAdamW(params, ["old", "late"]);
    const gradients = { old: tf.tensor1d([gradient]), late: tf.tensor1d([gradient]) };
    const updateOf = (name: string) => (name === "late" ? 1 : 100);
    const next = adamWUpdate(params, gradients, state, OPTIONS, updateOf, tf.scalar(1));
    const want = adamWScalar(1, [gradient], OPTIONS);
    expect(next.params.late?.dataSync()).toBeAllClose([want], { atol: 1e-6 });
    expect(Math.abs((next.params.old?.dataSync()[0] ?? want) - want)).toBeGreaterThan(1e-3);
  });
});
