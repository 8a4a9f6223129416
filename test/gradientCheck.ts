import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { normal, type Operand } from "./kernelTwin";

const largest = (x: Tensor): number => tf.max(tf.abs(x)).dataSync()[0] ?? NaN;

/** An operation's first result. */
export function first([result]: readonly Tensor[]): Tensor {
  if (!result) throw new Error("The operation gave no result.");
  return result;
}

/**
 * Compares, on the cpu backend, a gradient written by hand with the one tfjs derives from the plain forward
 * operations; the gradient that arrives is random.
 * @param gradient of x and of what arrives, which has the shape of the result
 * @param tolerance absolute, plus the same relative to the largest expected number
 */
export async function expectGradient(
  forward: (x: Tensor) => Tensor,
  gradient: (x: Tensor, dy: Tensor) => Tensor,
  { shape, values }: Operand,
  tolerance = 1e-6,
): Promise<void> {
  await tf.setBackend("cpu");
  const { error, scale } = tf.tidy(() => {
    const x = tf.tensor(values, [...shape]);
    const result = forward(x);
    const dy = tf.tensor(normal("gradient check", result.shape).values, result.shape);
    const expected = tf.grad(forward)(x, dy);
    const actual = gradient(x, dy);
    expect(actual.shape).toEqual(expected.shape);
    return { error: largest(tf.sub(actual, expected)), scale: largest(expected) };
  });
  expect(scale).toBeGreaterThan(0);
  expect(error, `largest ${scale}`).toBeLessThanOrEqual(tolerance * (1 + scale));
}
