import { expect, test } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { randomParams } from "../../../test/randomParams";
import { Experiment } from "../../common/config/experiment";
import { initTransformer } from "../../engine/models/transformerInit";
import { rowsInMemory } from "../../engine/training/batch";
import { hiddenMeans } from "./hiddenStates";
import { networkShapeOf } from "./modelState";

const SMALL = { size: "custom", width: 8, depth: 1, heads: 2, patchSize: 8 } as const;
const ROW = 2 * 16 * 16 * 4;

/** Token means of one image at a noise level, of a small model. */
async function hiddenAt(time: number, settings: object) {
  const experiment = Experiment.parse(settings);
  const shape = networkShapeOf(experiment, 9);
  const params = randomParams(initTransformer(shape, 0));
  const source = {
    latents: rowsInMemory({ values: new Uint16Array(ROW).fill(0x3800), rowLength: ROW }), // halves
    latentScale: 1,
    trainImages: Uint32Array.of(0),
    labels: Int32Array.of(0),
    nullLabel: 9,
  };
  const context = { experiment, shape, data: { source }, between: () => Promise.resolve() };
  const input = { images: Uint32Array.of(0), time, stream: "test" };
  const [block] = await hiddenMeans(context, params, input);
  tf.dispose(params);
  return [...(block?.values ?? [])];
}

test("a DiT sees the step of equal signal-to-noise ratio: no t between two steps, and no path", async () => {
  const dit = { model: { family: "dit", ...SMALL } };
  const half = await hiddenAt(0.5, dit);
  expect(half.every(Number.isFinite)).toBe(true);
  expect(await hiddenAt(0.5001, dit)).toEqual(half);
  expect(await hiddenAt(0.6, dit)).not.toEqual(half);
  expect(await hiddenAt(0.5, { ...dit, transport: { path: "cosine" } })).toEqual(half);
  const sit = { model: SMALL };
  expect(await hiddenAt(0.5001, sit)).not.toEqual(await hiddenAt(0.5, sit));
});
