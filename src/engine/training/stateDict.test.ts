import { expect, test } from "vitest";
import { MODEL_FAMILIES, type ModelFamily } from "../../common/config/modelFamily";
import { Experiment } from "../../common/config/experiment";
import { encodeSafetensors, type SafetensorsTensor } from "../../common/formats/safetensors";
import { float32ToHalf, halfToFloat32 } from "../../common/math/half";
import { initTransformer, transformerParameters } from "../models/transformerInit";
import type { TransformerShape } from "../models/transformer";
import { assertParameters } from "./checkpoint";
import { readStateDict } from "./stateDict";

/** Nano on the built-in images, named as the official state dicts name theirs. */
const shapeOf = (family: ModelFamily): TransformerShape => ({
  ...{ family, inputSide: 16, inChannels: 4, patchSize: 2, width: 128, depth: 4, numHeads: 4 },
  ...{ numClasses: 9, qkNorm: false, mlpRatio: 4, frequencySize: 256 },
});
const SETTINGS = Experiment.parse({});

function fileOf(shape: TransformerShape, dtype: "F32" | "F16" = "F32"): ArrayBuffer {
  const tensors = Object.entries(initTransformer(shape, 3)).map(
    ([name, { shape: dims, values }]): [string, SafetensorsTensor] => [
      name,
      dtype === "F32"
        ? { dtype, shape: dims, data: values }
        : { dtype, shape: dims, data: float32ToHalf(values) },
    ],
  );
  return encodeSafetensors(new Map(tensors));
}

test.each(MODEL_FAMILIES)("a %s is told by the names and shapes of its state dict", (family) => {
  const shape = shapeOf(family);
  const found = readStateDict(fileOf(shape), SETTINGS);
  if (!found) throw new Error("It was not taken for a state dict.");
  expect(found.experiment).toEqual(Experiment.parse({ model: { family, size: "Nano" } }));
  expect(() => assertParameters(found, transformerParameters(shape))).not.toThrow();
  const name = "blocks.0.attn.qkv.weight";
  expect(found.parts.ema.get(name)?.data).toEqual(initTransformer(shape, 3)[name]?.values);
});

test("without a null row labels were never dropped; patches and QK norm are read as well", () => {
  const shape = { ...shapeOf("dit"), hasNullClass: false, patchSize: 4, qkNorm: true };
  const found = readStateDict(fileOf(shape), SETTINGS);
  expect(found?.experiment.optimizer.labelDrop).toBe(0);
  expect(found?.experiment.model).toMatchObject({ patchSize: 4, qkNorm: true });
});

test("weights in float16, as a file of an XL has to be, are the numbers they say", () => {
  const shape = shapeOf("dit");
  const name = "blocks.0.attn.qkv.weight";
  const found = readStateDict(fileOf(shape, "F16"), SETTINGS)?.parts.params.get(name)?.data;
  const values = initTransformer(shape, 3)[name]?.values ?? new Float32Array();
  expect(found).toEqual(halfToFloat32(float32ToHalf(values)));
  expect(found).not.toEqual(values);
});

test("other latents, classes and sizes are refused with their numbers, and no other file is taken for one", () => {
  const read =
    (shape: TransformerShape, settings = SETTINGS) =>
    () =>
      readStateDict(fileOf(shape), settings);
  const dit = shapeOf("dit");
  expect(read({ ...dit, inputSide: 32 })).toThrow(
    "DiT-Nano/2 on latents of 32x32x4; the data set and autoencoder that are set give 16x16x4",
  );
  expect(read({ ...dit, numClasses: 1000 })).toThrow("1001 rows of labels");
  expect(read({ ...dit, depth: 3 })).toThrow("width 128, depth 3, patch 2");
  const other = { dtype: "F32", shape: [1], data: Float32Array.of(1) } as const;
  expect(readStateDict(encodeSafetensors(new Map([["weights", other]])), SETTINGS)).toBeNull();
});
