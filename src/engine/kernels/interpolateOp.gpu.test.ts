import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectTwin, normal } from "../../../test/kernelTwin";
import { interpolate } from "../diffusion/interpolate";
import { interpolant } from "../../common/math/interpolant";
import { Interpolate } from "./interpolateOp";

const shapes = fc.constantFrom<number[]>(
  [1, 1],
  [1, 3, 1, 1],
  [3, 5],
  [2, 3, 3, 3],
  [5, 4, 4, 4],
  [16, 16, 16, 4],
);

test("both combinations in one go, for any shape", () =>
  fc.assert(
    fc.asyncProperty(shapes, (shape) => {
      const operands = {
        xStar: normal("x", shape),
        eps: normal("eps", shape),
        coefficients: normal("c", [shape[0] ?? 1, 4]),
      };
      return expectTwin(Interpolate, operands, {});
    }),
    { numRuns: 12 },
  ));

test.each(["linear", "cosine"] as const)("is the interpolant of the %s path", async (path) => {
  await tf.setBackend("cpu");
  const t = Float32Array.of(0, 0.3, 1);
  const rows = [...t].map((time) => interpolant(path, time));
  tf.tidy(() => {
    const xStar = tf.tensor4d(normal("x", [3, 2, 2, 4]).values, [3, 2, 2, 4]);
    const eps = tf.tensor4d(normal("eps", [3, 2, 2, 4]).values, [3, 2, 2, 4]);
    const coefficients = tf.tensor2d(
      rows.map(({ alpha, sigma, dAlpha, dSigma }) => [alpha, sigma, dAlpha, dSigma]),
    );
    const { xt, velocity } = Interpolate.twin({ xStar, eps, coefficients }, {});
    const plain = interpolate(xStar, eps, t, path);
    expect([...xt.dataSync()]).toEqual([...plain.xt.dataSync()]);
    expect([...velocity.dataSync()]).toEqual([...plain.velocity.dataSync()]);
  });
});

test("operands that do not belong together are refused by name", () => {
  const xStar = tf.zeros<tf.Rank.R4>([2, 3, 1, 1]);
  const check = () => Interpolate.check({ xStar, eps: xStar, coefficients: tf.zeros([3, 4]) }, {});
  expect(check).toThrow("xStar [2, 3, 1, 1], eps [2, 3, 1, 1], coefficients [3, 4]");
});
