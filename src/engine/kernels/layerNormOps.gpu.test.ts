import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { expectTwin, normal } from "../../../test/kernelTwin";
import { useTuning } from "../../../test/useTuning";
import type { MatMulTuning } from "./device";
import { LayerNormAffine } from "./layerNormAffineOp";
import {
  LayerNormModulate,
  LayerNormModulateGradMod,
  LayerNormModulateGradX,
} from "./layerNormModulateOp";
import { SHARED_TILES } from "./sharedTile";
import { oneTile } from "./sharedTuning";

const KINDS: readonly MatMulTuning[] = [
  { kind: "register", tile: [4, 4] },
  oneTile(SHARED_TILES[0]),
];

/** Batch, tokens and width: one of each, odd ones, more than a workgroup takes at once. */
const sizes = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom(1, 2, 17, 33, 64, 70),
  fc.constantFrom(1, 3, 4, 12, 30, 128, 260, 300),
);
const RUNS = { numRuns: 15 };
const eps = 1e-6;

beforeEach(() => tf.setBackend("webgpu"));

describe.each(KINDS)("LayerNorm, $kind", (tuning) => {
  useTuning(tuning);

  test("with modulation, and what it keeps of its rows", () =>
    fc.assert(
      fc.asyncProperty(sizes, ([b, t, d]) => {
        const operands = {
          x: normal("x", [b, t, d]),
          shift: normal("shift", [b, d]),
          scale: normal("scale", [b, d]),
        };
        // a width of 1 has no variance: 1/std is 1/sqrt(eps), and x - mean is 0 but for rounding
        return expectTwin(LayerNormModulate, operands, { eps: d === 1 ? 1 : eps }, 4e-6);
      }),
      RUNS,
    ));

  test("does not lose a small variance beside a large mean", () => {
    const x = normal("x", [2, 5, 64]);
    const far = { ...x, values: x.values.map((value) => 100 + value) };
    const operands = { x: far, shift: normal("shift", [2, 64]), scale: normal("scale", [2, 64]) };
    return expectTwin(LayerNormModulate, operands, { eps }, 2e-5);
  });

  test("dx", () =>
    fc.assert(
      fc.asyncProperty(sizes, ([b, t, d]) => {
        const operands = {
          dy: normal("dy", [b, t, d]),
          x: normal("x", [b, t, d]),
          stats: normal("stats", [b, t, 2]),
          scale: normal("scale", [b, d]),
        };
        return expectTwin(LayerNormModulateGradX, operands, {}, 4e-6);
      }),
      RUNS,
    ));

  test("gradients of shift and scale", () =>
    fc.assert(
      fc.asyncProperty(sizes, ([b, t, d]) => {
        const operands = {
          dy: normal("dy", [b, t, d]),
          x: normal("x", [b, t, d]),
          stats: normal("stats", [b, t, 2]),
        };
        return expectTwin(LayerNormModulateGradMod, operands, {}, 4e-6);
      }),
      RUNS,
    ));

  test("with affine parameters", () =>
    fc.assert(
      fc.asyncProperty(sizes, ([b, t, d]) => {
        const operands = {
          x: normal("x", [b * t, d]),
          weight: normal("weight", [d]),
          bias: normal("bias", [d]),
        };
        return expectTwin(LayerNormAffine, operands, { eps: d === 1 ? 1 : eps }, 4e-6);
      }),
      RUNS,
    ));
});

test("operands that do not belong together are refused by name", () => {
  const x = tf.zeros<tf.Rank.R3>([2, 3, 8]);
  const scale = tf.zeros<tf.Rank.R2>([2, 8]);
  const shift = tf.zeros<tf.Rank.R2>([1, 8]);
  expect(() => {
    LayerNormModulate.check({ x, shift, scale }, { eps });
  }).toThrow("x [2, 3, 8], shift [1, 8], scale [2, 8]");
  const weight = tf.zeros<tf.Rank.R1>([7]);
  expect(() => {
    LayerNormAffine.check({ x: tf.zeros([2, 8]), weight, bias: tf.zeros([8]) }, { eps });
  }).toThrow("weight [7]");
});
