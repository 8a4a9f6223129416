import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { countDataBytes } from "../../../test/dataBytes";
import { BOUND_LATENTS } from "../../common/config/memoryPlan";
import { linearSchedule } from "../../common/math/ddpmSchedule";
import { randomNormal } from "../../common/math/rng";
import { backward } from "../nn/backward";
import { boundCoefficients, iddpmLoss } from "./variationalBound";

test("a DiT's loss and its backward pass take what the memory plan counts", () => {
  const dims: [number, number, number, number] = [4, 16, 16, 4];
  const size = 4 * 16 * 16 * 4;
  const normals = (stream: string) => tf.tensor4d(randomNormal({ seed: 7, stream }, size), dims);
  const [eps, variance, noise, xStar] = [normals("a"), normals("b"), normals("c"), normals("d")];
  const steps = Float32Array.of(0, 250, 600, 999);
  const coefficients = tf.tensor2d(boundCoefficients(steps, linearSchedule()), [4, 4]);
  const loss = () => iddpmLoss({ eps, variance }, noise, { xStar, coefficients });
  const peak = countDataBytes((bytes) => {
    const { value, gradients } = backward(loss, [eps, variance]);
    tf.dispose([value, gradients]);
    return bytes.peak();
  });
  tf.dispose([eps, variance, noise, xStar, coefficients]);
  expect(Math.round(peak / (4 * size))).toBe(BOUND_LATENTS);
});
