import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { encoderRow } from "../../common/catalogue/encoders";
import type { HubFile } from "../../common/catalogue/hubFile";
import type { TensorSource } from "../../common/formats/tensorSource";
import { initialVitValues, vitShapes } from "../models/vitInit";
import { loadEncoder } from "./loadEncoder";
import { builtInOnly, type ModelSources } from "./modelSources";

const nothing = () => Promise.reject(new Error("no file is built in here"));

/** A file of DINOv2-S's real shape with random numbers, made as they are read. */
function smallDinov2(): TensorSource {
  const { vit } = encoderRow("dinov2-s");
  if (!vit) throw new Error("dinov2-s has no architecture");
  const shapes = vitShapes(vit);
  return {
    name: "model.safetensors",
    tensors: new Map([...shapes].map(([name, shape]) => [name, { dtype: "F32", shape }])),
    read: (name) => {
      const shape = shapes.get(name) ?? [];
      return Promise.resolve({ dtype: "F32", shape, data: initialVitValues(0, name, shape) });
    },
  };
}

test("a published encoder goes from its stored file to tokens on any grid, and gives its memory back", async () => {
  const asked: string[][] = [];
  const sources: ModelSources = {
    readModelFile: nothing,
    openWeights: (files: readonly HubFile[]) => {
      asked.push(files.map(({ repo }) => repo));
      return Promise.resolve(smallDinov2());
    },
  };
  const before = tf.memory().numTensors;
  const encoder = await loadEncoder("dinov2-s", sources);
  expect(asked).toEqual([["timm/vit_small_patch14_dinov2.lvd142m", "facebook/dinov2-small"]]);
  tf.tidy(() => {
    for (const grid of [1, 2]) {
      const tokens = encoder.encode(tf.randomUniform([1, 32, 32, 3], -1, 1, "float32", 1), grid);
      expect(tokens.shape).toEqual([1, grid * grid, 384]);
      expect(tokens.dataSync().every(Number.isFinite)).toBe(true);
    }
  });
  encoder.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("weights that are not stored are missed by the preferred file and its size", async () => {
  await expect(loadEncoder("clip-l", builtInOnly(nothing))).rejects.toMatchObject({
    code: "WEIGHTS_MISSING",
    message: expect.stringMatching(
      /timm\/vit_large_patch14_clip_224\.openai\/model\.safetensors \(\d+ MB\)/,
    ) as string,
  });
});
