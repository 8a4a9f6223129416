import { expect, test } from "vitest";
import { Experiment } from "./experiment";
import type { ModelFamily } from "./modelFamily";
import {
  MODEL_SIZE_TABLE,
  gridSide,
  latentShape,
  modelShape,
  transformerParameterCount,
} from "./sizes";

test.each([
  ["S", 33],
  ["B", 130],
  ["L", 458],
  ["XL", 675],
] as const)(
  "SiT-%s/2 and DiT-%s/2 on ImageNet latents have the paper's %i million parameters",
  (size, millions) => {
    const countOf = (family: ModelFamily) =>
      transformerParameterCount({
        family,
        ...MODEL_SIZE_TABLE[size],
        patchSize: 2,
        channels: 4,
        classes: 1000,
        qkNorm: false,
        hasNullLabel: true,
      });
    expect(Math.round(countOf("sit") / 1e6)).toBe(millions);
    expect(Math.round(countOf("dit") / 1e6)).toBe(millions);
  },
);

test("a custom size is read from its own fields, a named one from the table", () => {
  const { model } = Experiment.parse({ model: { width: 64, depth: 2, heads: 2 } });
  expect(modelShape(model)).toEqual(MODEL_SIZE_TABLE.Nano);
  expect(modelShape({ ...model, size: "custom" })).toEqual({ width: 64, depth: 2, heads: 2 });
});

test("the built-in data gives 16x16x4 latents and 8x8 tokens, pixels 64x64x3", () => {
  const experiment = Experiment.parse({});
  expect(latentShape(experiment)).toEqual({ side: 16, channels: 4 });
  expect(gridSide(experiment)).toBe(8);
  expect(latentShape({ ...experiment, autoencoder: { id: "pixels" } })).toEqual({
    side: 64,
    channels: 3,
  });
});
