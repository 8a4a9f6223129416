import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { smallTiles } from "../../test/deviceRun";
import { TINY_WORKLOAD } from "../bench/workloads";
import { firstDifference, trainingError, trainOnDevice, trainPlainly } from "./trainingChecks";

test("replayed steps give the bits of encoded ones and the numbers of plain ones; a difference is found", async () => {
  const backend = smallTiles();
  const before = tf.memory().numTensors;
  const encoded = await trainOnDevice(backend, TINY_WORKLOAD, 5, false);
  const replayed = await trainOnDevice(backend, TINY_WORKLOAD, 5, true);
  expect(firstDifference(replayed, encoded)).toBeUndefined();
  const plain = await trainPlainly(TINY_WORKLOAD, 5);
  const error = trainingError(replayed, plain);
  expect(error.losses).toBeLessThan(1e-4);
  for (const [part, size] of Object.entries(error.parts)) expect(size, part).toBeLessThan(1e-3);
  expect(firstDifference(replayed, plain)).toMatch(/^step 1|^step 2|\[\d+\]/);
  expect(tf.memory().numTensors).toBe(before);
  await tf.setBackend("webgpu");
});
