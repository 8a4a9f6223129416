import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { Experiment } from "../../common/config/experiment";
import { experimentParameterCount } from "../../common/config/sizes";
import type { TrainState } from "../../engine/training/trainState";
import { createModelState, networkShapeOf } from "./modelState";

const experiment = Experiment.parse({
  model: { size: "custom", width: 16, depth: 1, heads: 2 },
  alignment: { encoders: ["tiny-vit", "patch-histogram"], projectorWidth: 8 },
});
const { encoders } = experiment.alignment;

const valuesOf = ({ params, ema, expAvg }: TrainState) =>
  Object.fromEntries(
    Object.entries({ params, ema, expAvg }).map(([map, tensors]) => [
      map,
      Object.fromEntries(
        Object.entries(tensors)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, tensor]) => [name, [...tensor.dataSync()]]),
      ),
    ]),
  );

test("projectors that are there from the start are those that would have joined", () => {
  const before = tf.memory().numTensors;
  const shape = networkShapeOf(experiment, 9);
  const whole = createModelState(experiment, shape, { encoders });
  const joined = createModelState(experiment, shape, { encoders: [] });
  expect(whole.projectorsFor(encoders)).toEqual([0, 1]);
  expect(joined.projectorsFor(encoders)).toEqual([0, 1]);
  expect(joined.projectors()).toEqual(whole.projectors());
  expect(valuesOf(joined.whole())).toEqual(valuesOf(whole.whole()));
  whole.dispose();
  joined.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("a model whose labels are never dropped has as many parameters as are counted, and no null row", () => {
  for (const labelDrop of [0, 0.1]) {
    const own = { ...experiment, optimizer: { ...experiment.optimizer, labelDrop } };
    const model = createModelState(own, networkShapeOf(own, 9), { encoders: [] });
    const { params } = model.whole();
    expect(params["y_embedder.embedding_table.weight"]?.shape[0]).toBe(labelDrop > 0 ? 10 : 9);
    const trained = Object.entries(params).filter(([name]) => name !== "pos_embed");
    const count = trained.reduce((sum, [, { size }]) => sum + size, 0);
    expect(count).toBe(experimentParameterCount(own));
    model.dispose();
  }
});
