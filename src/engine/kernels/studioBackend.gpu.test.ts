import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, expect, test } from "vitest";
import { currentStudioBackend, type StudioBackend } from "./studioBackend";

let backend: StudioBackend;

beforeEach(() => {
  const current = currentStudioBackend();
  if (!current) throw new Error("These tests need the studio's backend.");
  backend = current;
});

/** 0, 1, 2, ... of a length that no other test uses. */
const numbers = (length: number) => tf.tidy(() => tf.add(tf.range(0, length), 0));

test("a tensor that outlives its recording is disposed, although tfjs' pool does not know its buffer", async () => {
  const tensors = tf.memory().numTensors;
  const before = numbers(5);
  const { result, pool } = backend.record(() => numbers(1237));
  expect(await result.data()).toHaveLength(1237);
  pool.dispose();
  result.dispose();
  expect(await before.data()).toEqual(Float32Array.of(0, 1, 2, 3, 4));
  before.dispose();
  backend.flush();
  expect(tf.memory().numTensors).toBe(tensors);
});

test("a tensor from before that a recorded step disposes is not of the recording's pool", () => {
  const tensors = tf.memory().numTensors;
  const before = numbers(1239);
  const { pool } = backend.record(() => {
    before.dispose();
  });
  expect(pool.lifetimes()).toEqual([]);
  pool.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
});

test("a part of a buffer is filled from a part of an array", async () => {
  const whole = tf.zeros([128]);
  const view = backend.view(whole, 64, [4]);
  backend.flush();
  backend.fill(view, Float32Array.of(9, 1, 2, 3, 4, 9).subarray(1, 5));
  const values = await whole.data();
  expect(values.subarray(62, 70)).toEqual(Float32Array.of(0, 0, 1, 2, 3, 4, 0, 0));
  backend.disposeData(view.dataId);
  whole.dispose();
});

test("only buffers that no tensor uses are destroyed by trim", async () => {
  const kept = numbers(1241);
  numbers(1243).dispose();
  backend.flush();
  const { numBytesAllocatedInGPU: before } = backend.memory();
  backend.trim();
  expect(backend.memory().numBytesAllocatedInGPU).toBeLessThan(before);
  expect((await kept.data()).at(-1)).toBe(1240);
  kept.dispose();
});

test("what was submitted is told as the device finishes it", async () => {
  const tensors = tf.memory().numTensors;
  const told: [number, number][] = [];
  const x = numbers(2003);
  const y = backend.following(
    () => backend.submitPerDispatch(() => tf.tidy(() => tf.square(tf.add(tf.mul(x, 2), 1)))),
    (done, all) => told.push([done, all]),
  );
  expect(told).toEqual([]); // nothing waits for the device
  await y.data();
  await backend.queue.onSubmittedWorkDone();
  const submissions = told.length;
  expect(submissions).toBeGreaterThan(2);
  expect(told.map(([done]) => done)).toEqual(told.map((_, i) => i + 1));
  expect(told.every(([, all]) => all === submissions)).toBe(true);
  tf.dispose([x, y]);
  expect(tf.memory().numTensors).toBe(tensors);
});
