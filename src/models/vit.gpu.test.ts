import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { randomNormal } from "../math/rng";
import { vitTokens, type VitConfig } from "./vit";
import { initVit } from "./vitInit";

const config: Omit<VitConfig, "activation"> = {
  patch: 4,
  width: 16,
  depth: 2,
  heads: 2,
  mlpRatio: 4,
  grid: 4,
  clsToken: true,
  normEps: 1e-6,
};
const pixels = randomNormal({ seed: 3, stream: "test/images" }, 2 * 16 * 16 * 3);

const tokensOn = async (backend: "cpu" | "webgpu", activation: VitConfig["activation"]) => {
  if (!(await tf.setBackend(backend))) throw new Error(`${backend} did not start`);
  const whole = { ...config, activation };
  const params = initVit(whole, 5);
  const tokens = tf.tidy(() => vitTokens(params, whole, tf.tensor4d(pixels, [2, 16, 16, 3])));
  const values = await tokens.data<"float32">();
  tf.dispose([tokens, params]);
  return values;
};

test.each(["gelu-tanh", "gelu"] as const)(
  "tokens on WebGPU are the CPU's (%s)",
  async (activation) => {
    const want = await tokensOn("cpu", activation);
    const got = await tokensOn("webgpu", activation);
    expect(want.length).toBe(2 * 16 * 16);
    expect(got).toBeAllClose(want, { atol: 2e-3 });
  },
);
