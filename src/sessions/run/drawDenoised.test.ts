import * as tf from "@tensorflow/tfjs-core";
import { decode as decodePng } from "fast-png";
import { expect, test } from "vitest";
import { Experiment } from "../../common/config/experiment";
import { MODEL_FAMILIES, type ModelFamily } from "../../common/config/modelFamily";
import { initTransformer } from "../../engine/models/transformerInit";
import { rowsInMemory } from "../../engine/training/batch";
import { createTrainState, disposeState } from "../../engine/training/trainState";
import { drawDenoised } from "./drawDenoised";
import { networkShapeOf } from "./modelState";

const SIDE = 64;
const ROW = 2 * SIDE * SIDE * 3;
const HALF = 0x3800; // 0.5 in float16

/** The strip of a new model, whose head predicts zero, on one grey image of value 0.5, in pixels. */
async function stripOf(family: ModelFamily) {
  const experiment = Experiment.parse({
    autoencoder: { id: "pixels" },
    model: { family, size: "custom", width: 8, depth: 1, heads: 2, patchSize: 8 },
  });
  const shape = networkShapeOf(experiment, 9);
  const state = createTrainState(initTransformer(shape, 0));
  const source = {
    latents: rowsInMemory({ values: new Uint16Array(ROW).fill(HALF), rowLength: ROW }),
    latentScale: 1,
    trainImages: Uint32Array.of(),
    labels: Int32Array.of(3),
    nullLabel: 9,
  };
  const dataset = {
    resolution: SIDE,
    readRgb: () => Promise.resolve(new Uint8Array(SIDE * SIDE * 3).fill(7)),
  };
  const before = tf.memory().numTensors;
  const strip = await drawDenoised(
    {
      experiment,
      shape,
      autoencoder: { decode: (x: tf.Tensor4D) => tf.clone(x), scalingFactor: 1 },
      data: { source, dataset, heldOutImages: Uint32Array.of(0) },
      between: () => Promise.resolve(),
    },
    state.params,
  );
  expect(tf.memory().numTensors).toBe(before);
  disposeState(state);
  const { width, height, data } = decodePng(new Uint8Array(strip.png));
  /** Mean and standard deviation of a tile, in [-1, 1]. */
  const statistics = (tile: number) => {
    const values: number[] = [];
    for (let at = 0; at < data.length; at++) {
      const column = Math.floor(at / 3) % width;
      if (Math.floor(column / SIDE) === tile) values.push((data[at] ?? 0) / 127.5 - 1);
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { mean, deviation: Math.sqrt(squares / values.length) };
  };
  return { strip, width, height, statistics };
}

test.each(MODEL_FAMILIES)(
  "%s: the image itself, then a tile for each noise level",
  async (family) => {
    const { strip, width, height, statistics } = await stripOf(family);
    expect(strip.times).toEqual([0.1, 0.3, 0.5, 0.7, 0.9]);
    expect([width, height, strip.tile]).toEqual([6 * SIDE, SIDE, SIDE]);
    expect(statistics(0).mean).toBeCloseTo(7 / 127.5 - 1, 5);
    expect(await stripOf(family)).toMatchObject({ strip });
  },
);

test("a velocity of zero leaves x_t as it is, a noise of zero gives x_t without its dimming", async () => {
  const [sit, dit] = [await stripOf("sit"), await stripOf("dit")];
  // at t = 0.1, x_t = 0.9 x + 0.1 eps; the step of equal ratio sees the image in the same noise
  expect(sit.statistics(1).mean).toBeCloseTo(0.45, 2);
  expect(sit.statistics(1).deviation).toBeCloseTo(0.1, 2);
  expect(dit.statistics(1).mean).toBeCloseTo(0.5, 2);
  expect(dit.statistics(1).deviation).toBeCloseTo(0.1 / 0.9, 2);
});
