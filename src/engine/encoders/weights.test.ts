import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { encodeSafetensors, type SafetensorsTensor } from "../../common/formats/safetensors";
import { float32ToHalf } from "../../common/math/half";
import { paramsFromSafetensors } from "./weights";

const half = (values: number[], shape: number[]): SafetensorsTensor => ({
  dtype: "F16",
  shape,
  data: float32ToHalf(Float32Array.from(values)),
});
const shapes = new Map([
  ["a.weight", [2, 2]],
  ["a.bias", [2]],
]);
const good = { "a.weight": half([1, 2, 3, 4], [2, 2]), "a.bias": half([0.5, -0.5], [2]) };
const read = (tensors: Record<string, SafetensorsTensor>) =>
  paramsFromSafetensors("x.safetensors", new Uint8Array(encodeSafetensors(tensors)), shapes);

test("float16 weights become the same numbers as float32", () => {
  const params = read(good);
  expect([...(params["a.weight"]?.dataSync() ?? [])]).toEqual([1, 2, 3, 4]);
  expect([...(params["a.bias"]?.dataSync() ?? [])]).toEqual([0.5, -0.5]);
  tf.dispose(Object.values(params));
});

test("a missing, misshapen, unknown or integer tensor is refused by name and makes nothing", () => {
  const before = tf.memory().numTensors;
  expect(() => read({ "a.weight": good["a.weight"] })).toThrow(/x\.safetensors lacks "a\.bias"/);
  expect(() => read({ ...good, "a.bias": half([1, 2, 3], [3]) })).toThrow(
    /"a\.bias".*\[3\].*\[2\]/,
  );
  expect(() => read({ ...good, other: half([1], [1]) })).toThrow(/unknown tensor "other"/);
  const integers = { dtype: "I32", shape: [2], data: Int32Array.of(1, 2) } as const;
  expect(() => read({ ...good, "a.bias": integers })).toThrow(/"a\.bias" is I32/);
  expect(tf.memory().numTensors).toBe(before);
});
