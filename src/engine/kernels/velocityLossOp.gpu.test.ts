import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectGradient } from "../../../test/gradientCheck";
import { expectTwin, normal } from "../../../test/kernelTwin";
import { run } from "./operation";
import { VelocityLoss, VelocityLossGrad } from "./velocityLossOp";

/** The last two take more than one workgroup, by four and by one at a time. */
const shapes = fc.constantFrom<number[]>(
  [1, 1],
  [1, 3, 1, 1],
  [3, 5],
  [2, 3, 3, 3],
  [16, 16, 16, 4],
  [33, 16, 16, 4],
  [3, 4, 7, 101],
);
const RUNS = { numRuns: 14 };
const operandsOf = (shape: number[]) => ({
  velocity: normal("velocity", shape),
  target: normal("target", shape),
});

test("the mean squared error, for any shape", () =>
  fc.assert(
    fc.asyncProperty(shapes, (shape) => expectTwin(VelocityLoss, operandsOf(shape), {})),
    RUNS,
  ));

test("its gradient, for any shape", () =>
  fc.assert(
    fc.asyncProperty(shapes, (shape) =>
      expectTwin(VelocityLossGrad, { dLoss: normal("dLoss", []), ...operandsOf(shape) }, {}),
    ),
    RUNS,
  ));

test("half a million errors lose no digits, and give the same bits again", async () => {
  await tf.setBackend("webgpu");
  const shape: [number, number, number, number] = [128, 32, 32, 4];
  const { velocity, target } = operandsOf(shape);
  const exact =
    Array.from(velocity.values, (v, i) => (v - (target.values[i] ?? NaN)) ** 2).reduce(
      (sum, square) => sum + square,
      0,
    ) / velocity.values.length;
  const once = async () => {
    const { loss } = tf.tidy(() =>
      run(
        VelocityLoss,
        {
          velocity: tf.tensor4d(velocity.values, shape),
          target: tf.tensor4d(target.values, shape),
        },
        {},
      ),
    );
    const [value = NaN] = await loss.data();
    loss.dispose();
    return value;
  };
  const first = await once();
  expect(Math.abs(first - exact) / exact).toBeLessThan(3e-7);
  const before = tf.memory().numTensors;
  expect(await once()).toBe(first);
  expect(tf.memory().numTensors).toBe(before);
});

test("the gradient is the derivative", () => {
  const { values } = normal("target", [3, 2, 5, 1]);
  const target = () => tf.tensor4d(values, [3, 2, 5, 1]);
  return expectGradient(
    (velocity: Tensor4D) => VelocityLoss.twin({ velocity, target: target() }, {}).loss,
    (velocity, dLoss) => VelocityLossGrad.twin({ dLoss, velocity, target: target() }, {}).dVelocity,
    normal("velocity", [3, 2, 5, 1]),
  );
});

test("operands of different shapes are refused by name", () => {
  const check = () =>
    VelocityLoss.check({ velocity: tf.zeros([2, 3, 1, 1]), target: tf.zeros([3, 2, 1, 1]) }, {});
  expect(check).toThrow("velocity [2, 3, 1, 1], target [3, 2, 1, 1]");
});
