import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D } from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { expectTwin, normal, type Operand } from "../../../test/kernelTwin";
import { useTuning } from "../../../test/useTuning";
import { Attention, AttentionGrad } from "./attentionOp";
import type { MatMulTuning } from "./device";
import { run } from "./operation";
import { SHARED_TILES } from "./sharedTile";
import { oneTile } from "./sharedTuning";

const KINDS: readonly MatMulTuning[] = [
  { kind: "register", tile: [4, 4] },
  oneTile(SHARED_TILES[0]),
];

/** Batch, tokens, heads and head width: single ones, odd ones, of no tile; wide ones compile for seconds. */
const sizes = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom(1, 2, 7, 17, 40, 64, 70),
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom(1, 3, 4, 8),
);
const RUNS = { numRuns: 16 };

beforeEach(() => tf.setBackend("webgpu"));

type Sizes = readonly [batch: number, tokens: number, heads: number, headWidth: number];

const packed = ([b, t, h, d]: Sizes): Operand => normal("qkv", [b, t, 3 * h * d]);

/** The operands of the gradient, with what the forward twin gives. */
async function gradientOperands(given: Sizes) {
  const [b, t, h, d] = given;
  const qkv = packed(given);
  await tf.setBackend("cpu");
  const operand = (tensor: Tensor3D): Operand => ({
    shape: tensor.shape,
    values: tensor.dataSync<"float32">(),
  });
  const packedQkv = tf.tensor3d(qkv.values, [b, t, 3 * h * d]);
  const kept = tf.tidy(() => Attention.twin({ qkv: packedQkv }, { numHeads: h }));
  const [out, logSumExp] = [operand(kept.out), operand(kept.logSumExp)];
  tf.dispose([packedQkv, kept.out, kept.logSumExp]);
  return { qkv, out, logSumExp, dOut: normal("dOut", [b, t, h * d]) };
}

describe.each(KINDS)("attention, $kind", (tuning) => {
  useTuning(tuning);

  test("out and the logarithm of its denominator, for any sizes", () =>
    fc.assert(
      fc.asyncProperty(sizes, (given) =>
        expectTwin(Attention, { qkv: packed(given) }, { numHeads: given[2] }, 4e-6),
      ),
      RUNS,
    ));

  test("dQkv, for any sizes", () =>
    fc.assert(
      fc.asyncProperty(sizes, async (given) => {
        const operands = await gradientOperands(given);
        return expectTwin(AttentionGrad, operands, { numHeads: given[2] }, 4e-6);
      }),
      RUNS,
    ));

  const widths: Record<MatMulTuning["kind"], Sizes[]> = {
    register: [
      [2, 64, 2, 32],
      [1, 257, 1, 64],
      [1, 9, 1, 132],
    ],
    shared: [
      [1, 70, 1, 36], // two strips of a row, the second not full
      [1, 257, 2, 72],
      [2, 20, 1, 128],
    ],
  };
  test.each(widths[tuning.kind])(
    "the models' head widths, and the widest: [%i, %i, %i, %i]",
    async (...given) => {
      const attrs = { numHeads: given[2] };
      await expectTwin(Attention, { qkv: packed(given) }, attrs, 4e-6);
      await expectTwin(AttentionGrad, await gradientOperands(given), attrs, 4e-6);
    },
  );

  test("scores far beyond the range of exp neither overflow nor lose the largest", async () => {
    const given = [1, 33, 2, 8] as const;
    const qkv = packed(given);
    const large = { ...qkv, values: qkv.values.map((value) => 30 * value) };
    await expectTwin(Attention, { qkv: large }, { numHeads: 2 }, 1e-4);
  });

  test("the same operands give the same bits", async () => {
    const qkv: Tensor3D = tf.tensor(packed([2, 70, 3, 8]).values, [2, 70, 72]);
    const once = async () => {
      const outputs = tf.tidy(() => {
        const { out, logSumExp } = run(Attention, { qkv }, { numHeads: 3 });
        const operands = { qkv, out, logSumExp, dOut: out };
        return [out, run(AttentionGrad, operands, { numHeads: 3 }).dQkv];
      });
      const bits = await Promise.all(outputs.map((output) => output.data()));
      tf.dispose(outputs);
      return bits;
    };
    const first = await once();
    expect(first.every((values) => values.some((value) => value !== 0))).toBe(true);
    for (let i = 0; i < 3; i++) expect(await once()).toEqual(first);
    qkv.dispose();
  });
});

test("operands that do not belong together are refused by name", () => {
  const qkv = tf.zeros<tf.Rank.R3>([2, 3, 24]);
  expect(() => {
    Attention.check({ qkv }, { numHeads: 3 });
  }).toThrow("attention with 3 heads: qkv [2, 3, 24]");
  const [out, logSumExp] = [tf.zeros<tf.Rank.R3>([2, 3, 8]), tf.zeros<tf.Rank.R3>([2, 3, 2])];
  expect(() => {
    AttentionGrad.check({ qkv, out, logSumExp, dOut: out }, { numHeads: 2 });
  }).toThrow("logSumExp [2, 3, 2]");
});
