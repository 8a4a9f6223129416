import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { OPERATIONS } from "../kernels/register";
import { TUNINGS } from "../kernels/chooseTuning";
import { largestError, settingsOf, withExpected } from "./checkKernels";
import { kernelCases } from "./kernelCases";

const cases = kernelCases();

test("every registered operation has a case, and no two cases share a name", () => {
  const covered = new Set(cases.map(({ operation }) => operation));
  expect(OPERATIONS.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

test("twins give finite numbers for every case, and leave nothing behind", async () => {
  await tf.setBackend("cpu");
  const before = tf.memory().numTensors;
  for (const kernelCase of cases) {
    const { outputs } = await withExpected(kernelCase).expected();
    expect(outputs.length, kernelCase.name).toBeGreaterThan(0);
    expect(
      outputs.every(({ values }) => values.length > 0 && values.every(Number.isFinite)),
      kernelCase.name,
    ).toBe(true);
  }
  expect(tf.memory().numTensors).toBe(before);
});

test("products are checked at every tile and precision, others once a kind of tile", () => {
  expect(settingsOf({ family: "product" }, TUNINGS, true)).toHaveLength(2 * TUNINGS.length);
  expect(settingsOf({ family: "product" }, TUNINGS, false)).toHaveLength(TUNINGS.length);
  const kinds = settingsOf({ family: "kind" }, TUNINGS, true);
  expect(kinds.map(({ tuning, float16 }) => [tuning.kind, float16])).toEqual([
    ["register", false],
    ["shared", false],
  ]);
});

test("the error is NaN when a number is missing, none, or of another shape", () => {
  const numbers = (...values: number[]) => [
    { shape: [values.length], values: Float32Array.from(values) },
  ];
  expect(largestError(numbers(1, 2), numbers(1, 3))).toBe(0.25);
  expect(largestError(numbers(1, NaN), numbers(1, 3))).toBeNaN();
  expect(largestError(numbers(NaN, 3), numbers(1, 3))).toBeNaN();
  expect(largestError(numbers(1), numbers(1, 3))).toBeNaN();
  expect(largestError([], numbers(1))).toBeNaN();
});
