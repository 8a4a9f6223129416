import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { randomNormal } from "../../common/math/rng";
import type { RealActivation } from "./activation";
import { Activate, ActivateGrad } from "./activateOp";
import { Attention, AttentionGrad } from "./attentionOp";
import { GatedResidual, GatedResidualGrad } from "./gatedResidualOp";
import {
  LayerNormModulate,
  LayerNormModulateGradMod,
  LayerNormModulateGradX,
} from "./layerNormModulateOp";
import { Linear, LinearActivated, LinearChunks, LinearGradW, LinearGradX } from "./linearOp";
import {
  hasKernel,
  runByName,
  type NamedAttrs,
  type NamedOutputs,
  type NamedTensors,
  type TwinOperation,
} from "./operation";
import { AdamWUpdate, Blend, GlobalNorm } from "./updateOps";
import { registerWasmKernels } from "./wasm";

beforeAll(() => {
  vi.stubGlobal("__dirname", process.cwd()); // the backend's loader takes Node for CommonJS
  setWasmPaths(`${join("node_modules", "@tensorflow", "tfjs-backend-wasm", "dist")}/`);
  registerWasmKernels();
});
afterAll(() => {
  vi.unstubAllGlobals();
  return tf.setBackend("cpu");
});

const operands = (shapes: Readonly<Record<string, number[]>>): NamedTensors =>
  Object.fromEntries(
    Object.entries(shapes).map(([stream, shape]) => {
      const count = tf.util.sizeFromShape(shape);
      return [stream, tf.tensor(randomNormal({ seed: 3, stream }, count), shape)];
    }),
  );

/** The kernel's results are the twin's, computed on tfjs' cpu backend, and no tensor is left. */
async function expectTwin<
  Inputs extends NamedTensors,
  Outputs extends NamedOutputs,
  Attrs extends NamedAttrs,
>(
  operation: TwinOperation<Inputs, Outputs, Attrs>,
  shapes: Readonly<Record<string, number[]>>,
  attrs: Attrs,
  change: (inputs: NamedTensors) => NamedTensors = (inputs) => inputs,
) {
  const on = async (backend: string) => {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const results = tf.tidy(() =>
      runByName(operation, change(operands(shapes)), attrs).map((result) => ({
        shape: result.shape,
        numbers: [...result.dataSync()],
      })),
    );
    expect(tf.memory().numTensors).toBe(before);
    return results;
  };
  const want = await on("cpu");
  const got = await on("wasm");
  expect(hasKernel(operation)).toBe(true);
  expect(got.map(({ shape }) => shape)).toEqual(want.map(({ shape }) => shape));
  got.forEach(({ numbers }, i) =>
    expect(numbers).toBeAllClose(want[i]?.numbers ?? [], { rtol: 2e-5, atol: 2e-5 }),
  );
}

/** Rows, inner length and columns: smaller than a tile, whole tiles, more than one part and more than one block. */
const SIZES = [
  [1, 1, 1],
  [5, 3, 7],
  [6, 8, 8],
  [13, 200, 70],
  [300, 33, 68],
] as const;

test("linear maps and their gradients", async () => {
  for (const [m, k, n] of SIZES) {
    const inputs = { x: [m, k], weight: [n, k], bias: [n] };
    await expectTwin(Linear, inputs, {});
    await expectTwin(LinearActivated, inputs, { activation: "gelu-tanh" });
    await expectTwin(LinearGradW, { dy: [m, n], ...inputs }, {});
    await expectTwin(LinearGradX, { dy: [m, n], weight: [n, k] }, { activation: "none" });
    const withPre = { dy: [m, n], weight: [n, k], pre: [m, k] };
    await expectTwin(LinearGradX, withPre, { activation: "silu" });
  }
  await expectTwin(LinearChunks, { x: [7, 5], weight: [18, 5], bias: [18] }, { count: 6 });
});

test("activations and their slopes, also far from zero", async () => {
  const spread = ({ x, ...rest }: NamedTensors) => ({ ...rest, x: tf.mul(x ?? [], 12) });
  const kinds: RealActivation[] = ["gelu", "gelu-tanh", "quick-gelu", "silu"];
  for (const activation of kinds) {
    for (const size of [1, 6, 64, 16390]) {
      await expectTwin(Activate, { x: [size] }, { activation }, spread);
      await expectTwin(ActivateGrad, { dy: [size], x: [size] }, { activation }, spread);
    }
  }
});

const IMAGES = [
  [1, 1, 1],
  [2, 5, 6],
  [3, 70, 40],
] as const;

test("norms and gated residuals with their gradients", async () => {
  const withStats = ({ dy, x, stats, scale }: NamedTensors) => {
    const made = tf.concat([tf.mean(x ?? [], 2, true), tf.add(tf.square(stats ?? []), 0.5)], 2);
    return { ...(dy && { dy }), ...(x && { x }), stats: made, ...(scale && { scale }) };
  };
  for (const [b, t, d] of IMAGES) {
    const [tokens, modulation] = [
      [b, t, d],
      [b, d],
    ];
    await expectTwin(
      LayerNormModulate,
      { x: tokens, shift: modulation, scale: modulation },
      { eps: 1e-3 },
    );
    const grad = { dy: tokens, x: tokens, stats: [b, t, 1] };
    await expectTwin(LayerNormModulateGradX, { ...grad, scale: modulation }, {}, withStats);
    await expectTwin(LayerNormModulateGradMod, grad, {}, withStats);
    await expectTwin(GatedResidual, { x: tokens, gate: modulation, update: tokens }, {});
    await expectTwin(GatedResidualGrad, { dy: tokens, gate: modulation, update: tokens }, {});
  }
});

test("attention and its gradient: tokens and widths that are no whole fours, several parts", async () => {
  for (const [b, t, heads, width] of [
    [1, 1, 1, 1],
    [2, 7, 2, 5],
    [1, 64, 2, 8],
    [1, 130, 1, 12],
  ] as const) {
    const d = heads * width;
    await expectTwin(Attention, { qkv: [b, t, 3 * d] }, { numHeads: heads });
    const saved = { qkv: [b, t, 3 * d], out: [b, t, d], logSumExp: [b, heads, t], dOut: [b, t, d] };
    // scores of normal numbers are below 30
    const high = ({ logSumExp, ...rest }: NamedTensors) => ({
      ...rest,
      logSumExp: tf.add(logSumExp ?? [], 20),
    });
    await expectTwin(AttentionGrad, saved, { numHeads: heads }, high);
  }
});

test("updates and the norm of all gradients", async () => {
  const scalars = {
    scale: [],
    keepFirst: [],
    beta2: [],
    keepSecond: [],
    rate: [],
    eps: [],
    keep: [],
  };
  const positive = ({ v, keepSecond, beta2, eps, ...rest }: NamedTensors) => ({
    ...rest,
    ...Object.fromEntries(
      Object.entries({ v, keepSecond, beta2, eps }).map(([name, x]) => [name, tf.abs(x ?? [])]),
    ),
  });
  for (const shape of [[1], [3, 5], [130, 129]]) {
    const state = { p: shape, m: shape, v: shape, g: shape };
    await expectTwin(AdamWUpdate, { ...state, ...scalars }, { decays: true }, positive);
    await expectTwin(Blend, { average: shape, p: shape, rate: [] }, {});
  }
  await expectTwin(GlobalNorm, { a: [1], b: [3, 5], c: [300, 129] }, {});
});
