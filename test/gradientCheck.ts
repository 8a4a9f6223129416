import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { normal, type Operand } from "./kernelTwin";

const largest = (x: Tensor): number => tf.max(tf.abs(x)).dataSync()[0] ?? NaN;

/**
 * Compares, on the cpu backend, a gradient written by hand with the one tfjs derives from the plain forward
 * operations; the gradient that arrives is random.
 * @param gradient of x and of what arrives, which has the shape of the result
 * @param tolerance absolute, plus the same relative to the largest expected number
 */
export async function expectGradient<In extends Tensor, Out extends Tensor>(
  forward: (x: In) => Out,
  gradient: (x: In, dy: Out) => Tensor,
  { shape, values }: Operand,
  tolerance = 1e-6,
): Promise<void> {
  await tf.setBackend("cpu");
  const { error, scale } = tf.tidy(() => {
    const input: Tensor = tf.tensor(values, [...shape]);
    const x = input as In; // the caller knows the rank of its shape
    const result = forward(x);
    const arriving: Tensor = tf.tensor(normal("gradient check", result.shape).values, result.shape);
    const dy = arriving as Out;
    const expected = tf.grad((given) => forward(given as In))(x, dy);
    const actual = gradient(x, dy);
    expect(actual.shape).toEqual(expected.shape);
    return { error: largest(tf.sub(actual, expected)), scale: largest(expected) };
  });
  expect(scale).toBeGreaterThan(0);
  expect(error, `largest ${scale}`).toBeLessThanOrEqual(tolerance * (1 + scale));
}
