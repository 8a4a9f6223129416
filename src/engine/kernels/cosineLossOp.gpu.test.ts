import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor3D } from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectGradient } from "../../../test/gradientCheck";
import { expectTwin, normal, type Operand } from "../../../test/kernelTwin";
import { cosineLossPerSample } from "../diffusion/alignmentLoss";
import { CosineLoss, CosineLossGrad } from "./cosineLossOp";

type Shape = [number, number, number];
const shapes = fc.constantFrom<Shape>(
  [1, 1, 1],
  [1, 1, 5],
  [2, 3, 4],
  [3, 5, 7],
  [2, 7, 60],
  [16, 64, 192],
);
const RUNS = { numRuns: 12 };

/** Standard normal tokens, the first of them zero where asked. */
function tokens(name: string, shape: Shape, zeroFirst = false): Operand & { shape: Shape } {
  const { values } = normal(name, shape);
  const copy = Float32Array.from(values);
  if (zeroFirst) copy.fill(0, 0, shape[2]);
  return { shape, values: copy };
}

/** What the forward twin keeps for the gradient, as numbers. */
async function statsOf(features: Operand, projected: Operand): Promise<Operand> {
  await tf.setBackend("cpu");
  return tf.tidy(() => {
    const { stats } = CosineLoss.twin(
      { features: tensorOf(features), projected: tensorOf(projected) },
      {},
    );
    return { shape: stats.shape, values: Float32Array.from(stats.dataSync()) };
  });
}

const tensorOf = ({ shape, values }: Operand) => tf.tensor<tf.Rank.R3>(values, shape as Shape);

test("minus the mean cosine, and what the gradient needs, for any shape", () =>
  fc.assert(
    fc.asyncProperty(shapes, (shape) =>
      expectTwin(CosineLoss, { features: tokens("y", shape), projected: tokens("h", shape) }, {}),
    ),
    RUNS,
  ));

test("its gradient, for any shape", () =>
  fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const [features, projected] = [tokens("y", shape), tokens("h", shape)];
      const stats = await statsOf(features, projected);
      const dLoss = normal("dLoss", []);
      await expectTwin(CosineLossGrad, { dLoss, features, projected, stats }, {});
    }),
    RUNS,
  ));

test.each([
  ["features", true, false],
  ["projected tokens", false, true],
  ["both", true, true],
])("a token of zeros in the %s gives finite numbers", async (_, ofFeatures, ofProjected) => {
  const shape: Shape = [2, 3, 8];
  const features = tokens("y", shape, ofFeatures);
  const projected = tokens("h", shape, ofProjected);
  const stats = await statsOf(features, projected);
  await expectTwin(CosineLoss, { features, projected }, {});
  await expectTwin(CosineLossGrad, { dLoss: normal("dLoss", []), features, projected, stats }, {});
});

/** The hand-written gradient, from the forward pass on. */
const gradient = (features: Tensor3D, projected: Tensor3D, dLoss: Scalar) => {
  const { stats } = CosineLoss.twin({ features, projected }, {});
  return CosineLossGrad.twin({ dLoss, features, projected, stats }, {}).dProjected;
};

test("the gradient is the derivative", () => {
  const features = tokens("y", [2, 3, 5]);
  return expectGradient(
    (h: Tensor3D) => CosineLoss.twin({ features: tensorOf(features), projected: h }, {}).loss,
    (h, dy) => gradient(tensorOf(features), h, dy),
    tokens("h", [2, 3, 5]),
  );
});

test("loss and gradient are those of plain tfjs, with tokens of zeros too", () => {
  const features = tokens("y", [2, 3, 5]);
  const plain = (h: Tensor3D): Scalar => tf.mean(cosineLossPerSample(tensorOf(features), h));
  return expectGradient(
    plain,
    (h, dy) => {
      const { loss } = CosineLoss.twin({ features: tensorOf(features), projected: h }, {});
      expect(loss.dataSync()[0]).toBeCloseTo(plain(h).dataSync()[0] ?? NaN, 6);
      return gradient(tensorOf(features), h, dy);
    },
    tokens("h", [2, 3, 5], true),
  );
});

test("operands of different shapes are refused by name", () => {
  const check = () =>
    CosineLoss.check({ features: tf.zeros([1, 2, 3]), projected: tf.zeros([1, 2, 4]) }, {});
  expect(check).toThrow("features [1, 2, 3], projected [1, 2, 4]");
});
