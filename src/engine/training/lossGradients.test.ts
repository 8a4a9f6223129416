import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  disposeBatch,
  TINY_OPTIONS,
  tinyBatch,
  tinyProjector,
  tinyValues,
} from "../../../test/tinyRun";
import { gradientProducts } from "../metrics/gradientConflict";
import { lossGradientProducts, lossGradients } from "./lossGradients";
import { createTrainState, disposeState, type TrainState } from "./trainState";
import { lossAndGradients, trainStep, type StepOptions, type TrainBatch } from "./trainStep";

const optionsAt = (encoderDepth: number, projectors: readonly number[]): StepOptions => ({
  ...TINY_OPTIONS,
  alignment: { ...TINY_OPTIONS.alignment, encoderDepth, projectors },
});

/** A state in which no gradient is 0 any more, as most are at the start: gates and output begin at 0. */
function trained(batch: TrainBatch, options: StepOptions): TrainState {
  let state = createTrainState({ ...tinyValues(), ...tinyProjector(1) });
  for (let i = 0; i < 3; i++) {
    const { state: next, logged } = trainStep(state, batch, options);
    logged.dispose();
    state = next;
  }
  return state;
}

test.each([
  { encoderDepth: 1, encoders: 1, recompute: false },
  { encoderDepth: 2, encoders: 2, recompute: true },
])(
  "velocity + λ alignment is the step's gradient, parameter by parameter: depth $encoderDepth, encoders $encoders",
  ({ encoderDepth, encoders, recompute }) => {
    const options = { ...optionsAt(encoderDepth, [0, 1].slice(0, encoders)), recompute };
    const batch = tinyBatch(encoders);
    const state = trained(batch, options);
    const before = tf.memory().numTensors;
    const whole = lossAndGradients(state.params, batch, options);
    const { velocity, alignment } = lossGradients(state.params, batch, options);
    const behind = (name: string) =>
      name.startsWith("final_layer.") || (encoderDepth === 1 && name.startsWith("blocks.1."));
    for (const [name, gradient] of Object.entries(velocity)) {
      const expected = [...(whole.gradients[name]?.dataSync() ?? [])];
      const extra = alignment[name]?.dataSync();
      expect(extra === undefined, name).toBe(behind(name));
      const sum = [...gradient.dataSync()].map(
        (value, i) => value + options.alignment.projCoeff * (extra?.[i] ?? 0),
      );
      expect(sum, name).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-7 });
      expect(
        expected.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
    const projectors = Object.keys(whole.gradients).filter((name) =>
      name.startsWith("projectors."),
    );
    expect(Object.keys(velocity).length + projectors.length).toBe(
      Object.keys(whole.gradients).length,
    );
    tf.dispose([{ ...whole.losses }, { ...whole.gradients }, { ...velocity }, { ...alignment }]);
    expect(tf.memory().numTensors).toBe(before);
    disposeState(state);
    disposeBatch(batch);
  },
);

test("the device's products are those of the gradients in float64, and nothing is left", () => {
  const options = optionsAt(1, [0]);
  const batch = tinyBatch();
  const state = trained(batch, options);
  const { velocity, alignment } = lossGradients(state.params, batch, options);
  const before = tf.memory().numTensors;
  const { names, products } = lossGradientProducts(state.params, batch, options);
  const found = [...products.dataSync()];
  const expected = names.flatMap((name) => {
    const v = velocity[name]?.dataSync() ?? [];
    const plain = gradientProducts(v, alignment[name]?.dataSync() ?? new Float32Array(v.length));
    return [plain.dot, plain.velocitySquares, plain.alignmentSquares];
  });
  expect(found).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-9 });
  products.dispose();
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose([{ ...velocity }, { ...alignment }]);
  disposeState(state);
  disposeBatch(batch);
});

test("an alignment depth without a block is refused before anything is computed", () => {
  const state = createTrainState(tinyValues());
  const batch = tinyBatch();
  const before = tf.memory().numTensors;
  expect(() => lossGradients(state.params, batch, optionsAt(3, [0]))).toThrow(/depth 3/);
  expect(tf.memory().numTensors).toBe(before);
  disposeState(state);
  disposeBatch(batch);
});
