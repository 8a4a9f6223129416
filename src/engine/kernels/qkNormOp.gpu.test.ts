import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D } from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { expectTwin, normal, type Operand } from "../../../test/kernelTwin";
import { useTuning } from "../../../test/useTuning";
import { TUNINGS } from "./chooseTuning";
import { run } from "./operation";
import { QkNorm, QkNormGrad } from "./qkNormOp";

/** One tuning of each kind: the kernels depend on the kind alone. */
const KINDS = (["register", "shared"] as const).map(
  (wanted) => TUNINGS.find(({ kind }) => kind === wanted) ?? TUNINGS[0],
);

/** Batch, tokens, heads and head width: single ones, odd ones, parts of sums that divide the tokens and that do not. */
const sizes = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom(1, 7, 17, 40, 64, 70),
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom(3, 4, 30, 64),
);
type Sizes = readonly [batch: number, tokens: number, heads: number, headWidth: number];

const EPS = 1e-5;

beforeEach(() => tf.setBackend("webgpu"));

const norms = (width: number) => ({
  qWeight: normal("qWeight", [width]),
  qBias: normal("qBias", [width]),
  kWeight: normal("kWeight", [width]),
  kBias: normal("kBias", [width]),
});

const operandsOf = ([b, t, h, d]: Sizes) => ({
  qkv: normal("qkv", [b, t, 3 * h * d]),
  ...norms(d),
});

const vectorOf = ({ values }: Operand): Tensor1D => tf.tensor1d(values);

describe.each(KINDS)("qk-norm, $kind", (tuning) => {
  useTuning(tuning);

  test("q and k normalised, and the gradients, for any sizes", () =>
    fc.assert(
      fc.asyncProperty(sizes, async (given) => {
        const [b, t, h, d] = given;
        const attrs = { numHeads: h, eps: EPS };
        const operands = operandsOf(given);
        await expectTwin(QkNorm, operands, attrs, 4e-6);
        const dNormed = normal("dNormed", [b, t, 3 * h * d]);
        await expectTwin(QkNormGrad, { dNormed, ...operands }, attrs, 8e-6);
      }),
      { numRuns: 12 },
    ));

  test("the same operands give the same bits", async () => {
    const { qkv, ...params } = operandsOf([2, 70, 3, 32]);
    const given = {
      qkv: tf.tensor<tf.Rank.R3>(qkv.values, [2, 70, 288]),
      qWeight: vectorOf(params.qWeight),
      qBias: vectorOf(params.qBias),
      kWeight: vectorOf(params.kWeight),
      kBias: vectorOf(params.kBias),
    };
    const attrs = { numHeads: 3, eps: EPS };
    const once = async () => {
      const outputs = tf.tidy(() => {
        const { normed } = run(QkNorm, given, attrs);
        const gradients = run(QkNormGrad, { dNormed: normed, ...given }, attrs);
        return [normed, ...Object.values(gradients)];
      });
      const bits = await Promise.all(outputs.map((output) => output.data()));
      tf.dispose(outputs);
      return bits;
    };
    const first = await once();
    expect(first.every((values) => values.some((value) => value !== 0))).toBe(true);
    expect(await once()).toEqual(first);
    tf.dispose({ ...given });
  });
});

test("operands that do not belong together are refused by name", () => {
  const qkv = tf.zeros<tf.Rank.R3>([2, 3, 24]);
  const vector = tf.zeros<tf.Rank.R1>([8]);
  const params = { qWeight: vector, qBias: vector, kWeight: vector, kBias: vector };
  expect(() => {
    QkNorm.check({ qkv, ...params }, { numHeads: 2, eps: EPS });
  }).toThrow("qk-norm with 2 heads: qkv [2, 3, 24]");
});
