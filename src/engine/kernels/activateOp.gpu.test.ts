import fc from "fast-check";
import { expect, test } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { expectGradient } from "../../../test/gradientCheck";
import { expectTwin, normal } from "../../../test/kernelTwin";
import { Activate, ActivateGrad } from "./activateOp";

const ACTIVATIONS = ["silu", "gelu-tanh", "quick-gelu", "gelu"] as const;

const shapes = fc.constantFrom<number[]>(
  [1],
  [3],
  [4],
  [1, 1],
  [2, 5],
  [7, 3, 5],
  [16, 128],
  [300, 64],
);
const RUNS = { numRuns: 12 };

const activations = fc.constantFrom(...ACTIVATIONS);

test("SiLU and GELU, for any shape", () =>
  fc.assert(
    fc.asyncProperty(shapes, activations, (shape, activation) =>
      expectTwin(Activate, { x: normal("x", shape) }, { activation }),
    ),
    RUNS,
  ));

test("their gradients, for any shape", () =>
  fc.assert(
    fc.asyncProperty(shapes, activations, (shape, activation) =>
      expectTwin(ActivateGrad, { dy: normal("dy", shape), x: normal("x", shape) }, { activation }),
    ),
    RUNS,
  ));

test.each(ACTIVATIONS)("%s stays finite far from zero", async (activation) => {
  const x = { shape: [4], values: Float32Array.of(-1e4, -90, 90, 1e4) };
  await expectTwin(Activate, { x }, { activation });
  await expectTwin(ActivateGrad, { dy: normal("dy", [4]), x }, { activation });
});

test.each(ACTIVATIONS)("the gradient of %s is its derivative", (activation) =>
  expectGradient(
    (x) => Activate.twin({ x }, { activation }).y,
    (x, dy) => ActivateGrad.twin({ dy, x }, { activation }).dx,
    normal("x", [5, 7]),
  ),
);

test("operands of different shapes are refused by name", () => {
  const operands = { dy: tf.zeros([2, 3]), x: tf.zeros([3, 2]) };
  expect(() => ActivateGrad.check(operands, { activation: "silu" })).toThrow("dy [2, 3], x [3, 2]");
});
