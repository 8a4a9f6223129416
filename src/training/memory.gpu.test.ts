import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { randomParams } from "../../test/randomParams";
import { disposeBatch, TINY_OPTIONS, TINY_SHAPE, tinyBatch, tinyValues } from "../../test/tinyRun";
import { accumulatedGradients, type LossesAndGradients, type LossOptions } from "./trainStep";

/** Two blocks, so that one is recomputed after the other's gradients are known. */
const options: LossOptions = { ...TINY_OPTIONS, shape: { ...TINY_SHAPE, depth: 2 } };

async function numbersOf({ losses, gradients }: LossesAndGradients) {
  const found: Record<string, readonly number[]> = {};
  for (const [name, tensor] of Object.entries({ ...losses, ...gradients })) {
    found[name] = [...(await tensor.data<"float32">())];
  }
  tf.dispose([{ ...losses }, { ...gradients }]);
  return found;
}

/** The largest |a - b| over |b| of any gradient or loss, both as vectors. */
function furthest(
  a: Readonly<Record<string, readonly number[]>>,
  b: Readonly<Record<string, readonly number[]>>,
): number {
  const distances = Object.entries(b).map(([name, values]) => {
    const other = a[name] ?? [];
    return (
      Math.hypot(...values.map((value, i) => value - (other[i] ?? NaN))) /
      Math.max(Math.hypot(...values), 1e-20)
    );
  });
  return Math.max(...distances);
}

test("recomputed blocks and micro-batches give the same gradients on WebGPU, and leave nothing", async () => {
  const params = randomParams(tinyValues(options.shape));
  const batch = tinyBatch(1, options.shape);
  const run = (recompute: boolean, size: number) =>
    numbersOf(accumulatedGradients(params, batch, { ...options, recompute }, size));
  const whole = await run(false, 3);
  const held = tf.memory().numTensors;
  expect(furthest(await run(true, 3), whole)).toBeLessThan(1e-6);
  expect(furthest(await run(false, 1), whole)).toBeLessThan(1e-5);
  expect(furthest(await run(true, 1), whole)).toBeLessThan(1e-5);
  expect(tf.memory().numTensors).toBe(held);
  tf.dispose({ ...params });
  disposeBatch(batch);
});
