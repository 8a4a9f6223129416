import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { smallTiles } from "../../../test/deviceRun";
import { TINY_WORKLOAD } from "../bench/workloads";
import { firstDifference, trainingError, trainOnDevice, trainPlainly } from "./trainingChecks";

test.each([
  ["the whole batch", {}],
  ["micro-batches", { microBatch: 2 }],
])(
  "%s: replayed steps give the bits of encoded ones and the numbers of plain ones; a difference is found",
  async (_, parts) => {
    const training = { workload: TINY_WORKLOAD, steps: 5, ...parts };
    const backend = smallTiles();
    await tf.setBackend("webgpu");
    const before = tf.memory().numTensors;
    const encoded = await trainOnDevice(backend, training, false);
    const replayed = await trainOnDevice(backend, training, true);
    expect(firstDifference(replayed, encoded)).toBeUndefined();
    const plain = await trainPlainly(training);
    const error = trainingError(replayed, plain);
    expect(error.losses).toBeLessThan(1e-4);
    for (const [part, size] of Object.entries(error.parts)) expect(size, part).toBeLessThan(1e-3);
    expect(firstDifference(replayed, plain)).toMatch(/^step \d|\[\d+\]/);
    expect(tf.memory().numTensors).toBe(before);
    await tf.setBackend("webgpu");
  },
);
