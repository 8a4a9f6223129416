import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { loadGoldenInBrowser } from "../../../test/goldenBrowser";
import { encoderCases } from "../../../test/parity/encoders";
import { vit } from "../../common/catalogue/encoderRow";
import { randomNormal } from "../../common/math/rng";
import { vitTokens } from "./vit";
import { initVit } from "./vitInit";

/** The manifests' note on tolerances: about 1e-3 is to be allowed on a GPU. */
const GPU_TOLERANCE = 1e-3;
const FIXTURES = [
  "clip_vision",
  "dino_v1",
  "dinov2",
  "dinov2_reg",
  "dinov2_swiglu",
  "ijepa",
  "mae",
  "mocov3",
];

test.each(FIXTURES)("%s: every output is the reference's on WebGPU", async (name) => {
  await tf.setBackend("webgpu");
  const { manifest, tensors } = await loadGoldenInBrowser(`encoders/${name}`);
  const cases = encoderCases(manifest, tensors);
  const errors: Record<string, number> = {};
  for (const { name: what, run } of cases) errors[what] = (await run()).error;
  expect(Object.keys(errors).length).toBeGreaterThan(3);
  expect(Object.entries(errors).filter(([, error]) => error > GPU_TOLERANCE)).toEqual([]);
});

/** What the built-in encoder has and no published one: no class token, and GELU by tanh. */
const config = vit(
  { patch: 4, width: 16, depth: 2, heads: 2, grid: 4 },
  { clsToken: false, mlp: { activation: "gelu-tanh", hidden: 64 } },
);
const pixels = randomNormal({ seed: 3, stream: "test/images" }, 2 * 16 * 16 * 3);

const tokensOn = async (backend: "cpu" | "webgpu") => {
  if (!(await tf.setBackend(backend))) throw new Error(`${backend} did not start`);
  const params = initVit(config, 5);
  const tokens = tf.tidy(() => vitTokens(params, config, tf.tensor4d(pixels, [2, 16, 16, 3])));
  const values = await tokens.data<"float32">();
  tf.dispose([tokens, params]);
  return values;
};

test("tokens of the built-in kind on WebGPU are the CPU's", async () => {
  const want = await tokensOn("cpu");
  const got = await tokensOn("webgpu");
  expect(want.length).toBe(2 * 16 * 16);
  expect(got).toBeAllClose(want, { atol: 2e-3 });
});
