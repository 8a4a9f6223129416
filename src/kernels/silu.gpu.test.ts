import fc from "fast-check";
import { expect, test } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { expectGradient, first } from "../../test/gradientCheck";
import { expectTwin, normal } from "../../test/kernelTwin";
import { Silu, SiluGrad } from "./silu";

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

test("x sigmoid(x), for any shape", () =>
  fc.assert(
    fc.asyncProperty(shapes, (shape) => expectTwin(Silu, { x: normal("x", shape) }, {})),
    RUNS,
  ));

test("its gradient, for any shape", () =>
  fc.assert(
    fc.asyncProperty(shapes, (shape) =>
      expectTwin(SiluGrad, { dy: normal("dy", shape), x: normal("x", shape) }, {}),
    ),
    RUNS,
  ));

test("both stay finite far from zero", async () => {
  const x = { shape: [4], values: Float32Array.of(-1e4, -90, 90, 1e4) };
  await expectTwin(Silu, { x }, {});
  await expectTwin(SiluGrad, { dy: normal("dy", [4]), x }, {});
});

test("the gradient is the derivative", () =>
  expectGradient(
    (x) => first(Silu.twin({ x }, {})),
    (x, dy) => first(SiluGrad.twin({ dy, x }, {})),
    normal("x", [5, 7]),
  ));

test("operands of different shapes are refused by name", () => {
  const check = () => SiluGrad.check({ dy: tf.zeros([2, 3]), x: tf.zeros([3, 2]) }, {});
  expect(check).toThrow("dy [2, 3], x [3, 2]");
});
