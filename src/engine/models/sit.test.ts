import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { goldenFolder } from "../../../test/parity/folder";
import { asSitManifest, sitFixture } from "../../../test/parity/sitFixture";
import { TINY_SHAPE, tinyBatch, tinyProjector } from "../../../test/tinyRun";
import { MODEL_SIZE_TABLE, transformerParameterCount } from "../../common/config/sizes";
import { projectTokens } from "./projector";
import { sitForward } from "./sit";
import type { TransformerShape } from "./transformer";
import {
  initTransformer,
  isFrozen,
  transformerParameters,
  type InitialValues,
} from "./transformerInit";

const toTensors = (values: InitialValues) =>
  Object.fromEntries(
    Object.entries(values).map(([name, { shape, values: v }]) => [name, tf.tensor(v, [...shape])]),
  );

const forward = (shape: TransformerShape, values: InitialValues) => {
  const { latents, t, labels } = tinyBatch(0, shape);
  return sitForward(toTensors(values), shape, latents, t, tf.tensor1d(labels, "int32"));
};

test("names and shapes are the reference's state dict", () => {
  for (const { manifest, tensors } of goldenFolder("sit")) {
    const sit = asSitManifest(manifest);
    if (!sit) throw new Error("not a SiT manifest");
    const { shape } = sitFixture(sit, tensors, "tight");
    const want = Object.entries(sit.parameters)
      .filter(([name]) => !name.startsWith("projectors."))
      .map(([name]) => [name, tensors.get(`param.${name}`)?.shape]);
    const got = Object.entries(transformerParameters(shape)).map(([name, rule]) => [
      name,
      rule.shape,
    ]);
    expect(Object.fromEntries(got)).toEqual(Object.fromEntries(want));
  }
});

test.each([
  ["sit", false],
  ["sit", true],
  ["dit", false],
] as const)("the parameter count agrees with the size table (%s, qk-norm %s)", (family, qkNorm) => {
  const { width, depth, heads } = MODEL_SIZE_TABLE.B;
  const shape = { ...TINY_SHAPE, family, width, depth, numHeads: heads, qkNorm, mlpRatio: 4 };
  const rules = Object.entries(transformerParameters({ ...shape, frequencySize: 256 }));
  const count = rules
    .filter(([name]) => !isFrozen(name))
    .reduce((sum, [, rule]) => sum + rule.shape.reduce((product, size) => product * size, 1), 0);
  const { patchSize, inChannels: channels, numClasses: classes } = shape;
  const counted = { family, width, depth, heads, patchSize, channels, classes, qkNorm };
  expect(count).toBe(transformerParameterCount({ ...counted, hasNullLabel: true }));
});

test("a new model is the identity in every block and predicts zero", () => {
  tf.tidy(() => {
    const { velocity, hidden } = forward(TINY_SHAPE, initTransformer(TINY_SHAPE, 0));
    expect(velocity.shape).toEqual([3, 4, 4, 2]);
    expect(Math.max(...velocity.dataSync().map(Math.abs))).toBe(0);
    expect(hidden).toHaveLength(2);
    expect(hidden[1]?.dataSync()).toEqual(hidden[0]?.dataSync());
  });
});

test("initial values depend on the seed and on nothing else", () => {
  const weight = (seed: number, shape = TINY_SHAPE) =>
    initTransformer(shape, seed)["blocks.1.attn.qkv.weight"]?.values;
  expect(weight(1)).toEqual(weight(1));
  expect(weight(1)).not.toEqual(weight(2));
  expect(weight(1)).toEqual(weight(1, { ...TINY_SHAPE, depth: 5, numClasses: 9 }));
  const name = "projectors.0.0.weight";
  expect(tinyProjector(0, "a")[name]).toEqual(tinyProjector(1, "a")["projectors.1.0.weight"]);
  expect(tinyProjector(0, "a")[name]).not.toEqual(tinyProjector(0, "b")[name]);
});

test("Xavier weights fill their bound, embedders have standard deviation 0.02", () => {
  const shape = { ...TINY_SHAPE, width: 64, frequencySize: 256, numClasses: 100 };
  const values = initTransformer(shape, 3);
  const bound = Math.sqrt(6 / (64 + 3 * 64));
  const largest = Math.max(...(values["blocks.0.attn.qkv.weight"]?.values ?? []).map(Math.abs));
  expect(largest).toBeLessThanOrEqual(bound);
  expect(largest).toBeGreaterThan(0.99 * bound);
  const table = values["y_embedder.embedding_table.weight"]?.values ?? new Float32Array();
  const variance = table.reduce((sum, x) => sum + x * x, 0) / table.length;
  expect(Math.sqrt(variance)).toBeCloseTo(0.02, 3);
});

test("qk-norm makes attention ignore the scale of queries and keys", () => {
  tf.tidy(() => {
    const shape = { ...TINY_SHAPE, qkNorm: true };
    const values = initTransformer(shape, 0);
    const name = "blocks.0.attn.qkv.weight";
    const open = "blocks.0.adaLN_modulation.1.bias"; // opens the gates, so that attention shows
    values[open] = { shape: [48], values: new Float32Array(48).fill(1) };
    const { shape: size, values: weight } = values[name] ?? {
      shape: [],
      values: new Float32Array(),
    };
    const width = shape.width;
    const scaled = weight.map((w, i) => (i < 2 * width * width ? 50 * w : w));
    const hidden = (v: InitialValues) => forward(shape, v).hidden[0]?.dataSync() ?? [];
    const louder = { ...values, [name]: { shape: size, values: scaled } };
    expect(hidden(louder)).toBeAllClose(hidden(values), { atol: 2e-3 });
  });
});

test("wrong input sides, missing parameters and foreign widths are named", () => {
  tf.tidy(() => {
    const values = initTransformer(TINY_SHAPE, 0);
    expect(() => forward({ ...TINY_SHAPE, inputSide: 8 }, values)).toThrow(
      /"pos_embed".*\[1, 16, 8\]/,
    );
    const { latents, t, labels } = tinyBatch(0);
    const y = tf.tensor1d(labels, "int32");
    const other = { ...TINY_SHAPE, inputSide: 6 };
    expect(() => sitForward(toTensors(values), other, latents, t, y)).toThrow("[3, 4, 4, 2]");
    const without = Object.entries(values).filter(([name]) => name !== "blocks.1.attn.proj.bias");
    expect(() => forward(TINY_SHAPE, Object.fromEntries(without))).toThrow(
      '"blocks.1.attn.proj.bias" is missing',
    );
    const params = toTensors(tinyProjector(0));
    expect(() => projectTokens(params, 0, tf.zeros([1, 4, 9]))).toThrow("projectors.0.0");
    expect(() => initTransformer({ ...TINY_SHAPE, numHeads: 3 }, 0)).toThrow("3 heads");
  });
});
