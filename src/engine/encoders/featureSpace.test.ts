import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { inceptionValues } from "../../../test/inception";
import { FEATURE_SPACE_IDS } from "../../common/catalogue/featureSpaces";
import { INCEPTION_V3 } from "../../common/catalogue/inceptionV3";
import type { TensorSource } from "../../common/formats/tensorSource";
import { registerWasmKernels } from "../kernels/wasm";
import { inceptionShapes } from "../models/inceptionV3";
import { loadEncoder } from "./loadEncoder";
import { loadFeatureSpace } from "./featureSpace";
import { builtInOnly, type ModelSources } from "./modelSources";

beforeAll(async () => {
  vi.stubGlobal("__dirname", process.cwd()); // the backend's loader takes Node for CommonJS
  setWasmPaths(`${join("node_modules", "@tensorflow", "tfjs-backend-wasm", "dist")}/`);
  if (!(await tf.setBackend("wasm"))) throw new Error("tfjs' wasm backend did not start.");
  registerWasmKernels();
});
afterAll(() => {
  vi.unstubAllGlobals();
  return tf.setBackend("cpu");
});

const readModel = (name: string) =>
  readFile(new URL(`../../../public/models/${name}`, import.meta.url)).then(
    (bytes) => new Uint8Array(bytes),
  );
const GRID = 8;

/** A file of Inception's weights with some tensors put in or taken out. */
function inceptionFile(
  values: ReadonlyMap<string, Float32Array>,
  changed: Readonly<Record<string, readonly number[] | null>> = {},
): ModelSources {
  const shapes = new Map(inceptionShapes());
  for (const [name, shape] of Object.entries(changed)) {
    if (shape) shapes.set(name, shape);
    else shapes.delete(name);
  }
  const source: TensorSource = {
    name: "fid.safetensors",
    tensors: new Map(
      [...shapes].map(([name, shape]) => [name, { name, dtype: "F32" as const, shape }]),
    ),
    read: (name) =>
      Promise.resolve({
        dtype: "F32" as const,
        shape: shapes.get(name) ?? [],
        data: values.get(name) ?? new Float32Array(),
      }),
  };
  return { readModelFile: readModel, openWeights: () => Promise.resolve(source) };
}

const byteImages = (side: number, count: number) =>
  tf.tensor4d(
    Float32Array.from(
      { length: count * side * side * 3 },
      (_, i) => ((i * 2654435761) % 256) / 127.5 - 1,
    ),
    [count, side, side, 3],
  );

test("Inception-v3 describes images by 2048 numbers, 17x17x7 positions and 1008 logits, and leaves nothing", async () => {
  const before = tf.memory().numTensors;
  const values = inceptionValues();
  const surplus = { "AuxLogits.fc.weight": [3, 3], "Conv2d_1a_3x3.bn.num_batches_tracked": [] };
  const space = await loadFeatureSpace("inception-v3", inceptionFile(values, surplus), GRID);
  expect([space.label, space.width]).toEqual(["Inception-v3, pool3", 2048]);
  const images = byteImages(64, 2);
  const held = tf.memory().numTensors;
  const { pooled, spatial, logits } = space.describe(images);
  expect(tf.memory().numTensors).toBe(held + 3);
  expect([pooled.shape, spatial?.shape, logits?.shape]).toEqual([
    [2, 2048],
    [2, 17, 17, 7],
    [2, 1008],
  ]);
  const numbers = pooled.dataSync<"float32">();
  expect(numbers.every(Number.isFinite)).toBe(true);
  expect(numbers.every((value) => value >= 0)).toBe(true); // means behind a ReLU
  expect(spatial?.dataSync().every((value) => value >= 0)).toBe(true);
  expect(new Set(numbers.slice(0, 50)).size).toBeGreaterThan(25);
  // the classifier without its bias
  const weight = values.get("fc.weight") ?? new Float32Array();
  const expected = Array.from({ length: 5 }, (_, c) =>
    numbers.slice(0, 2048).reduce((sum, value, i) => sum + value * (weight[c * 2048 + i] ?? 0), 0),
  );
  expect([...(logits?.dataSync().slice(0, 5) ?? [])]).toBeAllClose(expected, {
    rtol: 1e-3,
    atol: 1e-4,
  });
  tf.dispose([images, pooled, spatial ?? [], logits ?? []]);
  space.dispose();
  expect(tf.memory().numTensors).toBe(before);
}, 60_000);

test("a file that is missing tensors, has others, or has them in another shape is refused, all named", async () => {
  const file = inceptionFile(new Map(), {
    "Mixed_6d.branch1x1.conv.weight": null,
    "fc.weight": [1000, 2048],
    "head.weight": [2],
  });
  const loading = loadFeatureSpace("inception-v3", file, GRID);
  await expect(loading).rejects.toMatchObject({
    code: "PARAM_MISSING",
    message:
      'fid.safetensors does not hold this model: "Mixed_6d.branch1x1.conv.weight" is missing, "fc.weight" is [1000, 2048] instead of [1008, 2048], "head.weight" is not of it.',
  });
});

test("without the file its name is said", async () => {
  const loading = loadFeatureSpace("inception-v3", builtInOnly(readModel), GRID);
  await expect(loading).rejects.toMatchObject({
    code: "WEIGHTS_MISSING",
    message: expect.stringContaining(INCEPTION_V3.files[0].file) as string,
  });
});

test("an encoder's space is the mean of its tokens, to the bit, and every space has a label of its own", async () => {
  const sources = builtInOnly(readModel);
  const space = await loadFeatureSpace("tiny-vit", sources, GRID);
  const encoder = await loadEncoder("tiny-vit", sources);
  const images = byteImages(64, 2);
  const { pooled, ...others } = space.describe(images);
  const expected = tf.tidy(() => tf.mean(encoder.encode(images, GRID), 1));
  expect([...pooled.dataSync()]).toEqual([...expected.dataSync()]);
  expect(others).toEqual({});
  expect(space.label).toBe("tiny-vit, token mean");
  expect(new Set(FEATURE_SPACE_IDS).size).toBe(FEATURE_SPACE_IDS.length);
  tf.dispose([images, pooled, expected]);
  space.dispose();
  encoder.dispose();
});
