import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { normal } from "../../../test/kernelTwin";
import { accumulate } from "./accumulate";
import { currentStudioBackend } from "./studioBackend";

async function accumulated(length: number, first: boolean): Promise<Float32Array> {
  await tf.setBackend("webgpu");
  const device = currentStudioBackend();
  if (!device) throw new Error("Not on the studio's backend.");
  const into = tf.tensor1d(
    first ? new Float32Array(length).fill(NaN) : normal("into", [length]).values,
  );
  const from = tf.tensor1d(normal("from", [length]).values);
  accumulate(device, into, from, 0.37, first);
  const values = await into.data<"float32">();
  tf.dispose([into, from]);
  return values;
}

/** Of the last one each thread takes several numbers. */
const LENGTHS = [1, 3, 4, 257, 1024, 4_300_001];

test.each(LENGTHS)("adds a weighted part to %i numbers", async (length) => {
  const { values: into } = normal("into", [length]);
  const { values: from } = normal("from", [length]);
  const expected = Float32Array.from(into, (value, i) => value + 0.37 * (from[i] ?? NaN));
  expect(await accumulated(length, false)).toBeAllClose(expected, { atol: 5e-7, rtol: 1e-6 });
});

test.each(LENGTHS.slice(0, 5))(
  "the first part of %i numbers covers what was there",
  async (length) => {
    const { values: from } = normal("from", [length]);
    const expected = Float32Array.from(from, (value) => 0.37 * value);
    expect(await accumulated(length, true)).toBeAllClose(expected, { atol: 1e-7, rtol: 1e-6 });
  },
);
