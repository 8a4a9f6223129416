import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { expectTwin, normal } from "../../test/kernelTwin";
import { useTuning } from "../../test/useTuning";
import type { MatMulTuning } from "./device";
import { Linear, LinearGradW, LinearGradX } from "./linear";

const KINDS: readonly MatMulTuning[] = [
  { kind: "register", tile: [4, 4], dots: true },
  { kind: "register", tile: [8, 4], dots: false },
  { kind: "shared", tile: [4, 4], dots: true },
];

/** Rows, inputs and outputs: odd ones, single ones, multiples of four and of no tile. */
const sizes = fc.tuple(
  fc.integer({ min: 1, max: 70 }),
  fc.constantFrom(1, 3, 4, 12, 16, 20, 33, 64),
  fc.constantFrom(1, 4, 6, 12, 24, 36, 68),
);
const activations = fc.constantFrom(
  "none" as const,
  "silu" as const,
  "gelu-tanh" as const,
  "quick-gelu" as const,
  "gelu" as const,
);
const RUNS = { numRuns: 12 };

beforeEach(() => tf.setBackend("webgpu"));

describe.each(KINDS)("linear, $kind tiles of $tile", (tuning) => {
  useTuning(tuning);

  test("y = activation(x Wᵀ + b), for any sizes", () =>
    fc.assert(
      fc.asyncProperty(sizes, activations, ([m, k, n], activation) => {
        const operands = {
          x: normal("x", [m, k]),
          weight: normal("w", [n, k]),
          bias: normal("b", [n]),
        };
        return expectTwin(Linear, operands, { activation, chunks: 1 });
      }),
      RUNS,
    ));

  test("dx, with the slope of the activation before", () =>
    fc.assert(
      fc.asyncProperty(sizes, activations, ([m, n, k], activation) => {
        const pre = activation === "none" ? undefined : normal("pre", [m, k]);
        const operands = { dy: normal("dy", [m, n]), weight: normal("w", [n, k]), pre };
        return expectTwin(LinearGradX, operands, { activation });
      }),
      RUNS,
    ));

  test("dW and db", () =>
    fc.assert(
      fc.asyncProperty(sizes, ([m, n, k]) => {
        const operands = {
          dy: normal("dy", [m, n]),
          x: normal("x", [m, k]),
          weight: normal("w", [n, k]),
          bias: normal("b", [n]),
        };
        return expectTwin(LinearGradW, operands, {});
      }),
      RUNS,
    ));
});

test("chunks of columns come one after the other", () =>
  expectTwin(
    Linear,
    { x: normal("x", [5, 8]), weight: normal("w", [24, 8]), bias: normal("b", [24]) },
    { activation: "none", chunks: 6 },
  ));

test("operands that do not belong together are refused by name", () => {
  const x = tf.zeros<tf.Rank.R2>([2, 3]);
  const weight = tf.zeros<tf.Rank.R2>([4, 5]);
  const check = () =>
    Linear.check({ x, weight, bias: tf.zeros([4]) }, { activation: "none", chunks: 1 });
  expect(check).toThrow("x [2, 3], weight [4, 5], bias [4]");
});
