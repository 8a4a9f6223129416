import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { smallTiles } from "../../../test/deviceRun";
import { TINY_WORKLOAD } from "../bench/workloads";
import type { MatMulTuning } from "../kernels/device";
import { SHARED_TILES, sideOf } from "../kernels/sharedTile";
import { oneTile } from "../kernels/sharedTuning";
import {
  firstDifference,
  trainingError,
  trainOnDevice,
  trainPlainly,
  type Training,
} from "./trainingChecks";

/** So many rows of tokens that tiles through workgroup memory sum weight gradients in parts. */
const MANY_ROWS = { workload: { ...TINY_WORKLOAD, batch: 20 }, steps: 2 };
const SMALL_SHARED = SHARED_TILES.find((tile) => sideOf(tile, 0).length === 32) ?? SHARED_TILES[0];

test.each<[string, Partial<Training>, MatMulTuning?]>([
  ["the whole batch", {}],
  ["micro-batches", { microBatch: 2 }],
  ["sums in parts", MANY_ROWS, oneTile(SMALL_SHARED)],
])(
  "%s: replayed steps give the bits of encoded ones and the numbers of plain ones; a difference is found",
  async (_, parts, tuning) => {
    const training = { workload: TINY_WORKLOAD, steps: 5, ...parts };
    const backend = smallTiles();
    backend.tuning = tuning ?? backend.tuning;
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
