import { expect, test } from "vitest";
import { INCEPTION_V3 } from "../../common/catalogue/inceptionV3";
import type { ImageDataset } from "../../sources/data/dataset";
import { builtInOnly } from "../../engine/encoders/modelSources";
import type { CacheRequest } from "../../common/protocol/features";
import { Experiment } from "../../common/config/experiment";
import { cacheJobs } from "./cacheJobs";

const DATASET = { hash: "0".repeat(64), resolution: 64 } as ImageDataset;
const { data, autoencoder } = Experiment.parse({});

/** Label, numbers a row, and whether the trainer needs the network itself, of each cache but the latents. */
const jobsOf = (wanted: Pick<CacheRequest, "encoders" | "space">) => {
  const request: CacheRequest = { data, autoencoder, grid: 8, backend: "auto", ...wanted };
  const sources = builtInOnly(() => Promise.reject(new Error("nothing is read")));
  const [, ...features] = cacheJobs(sources, DATASET, request);
  return features;
};
const factsOf = (wanted: Pick<CacheRequest, "encoders" | "space">) =>
  jobsOf(wanted).map(({ spec, always }) => [spec.label, spec.rowLength, always]);

test("the space samples are measured in has a cache of its own, or the target's, and its network is needed", () => {
  const tokens = 8 * 8 * 128;
  const dino = ["Features (dinov2-b, 8x8)", 8 * 8 * 768];
  expect(factsOf({ encoders: ["dinov2-b"], space: "tiny-vit" })).toEqual([
    [...dino, false],
    ["Features (tiny-vit, 8x8)", tokens, true],
  ]);
  expect(factsOf({ encoders: ["dinov2-b"], space: "dinov2-b" })).toEqual([[...dino, true]]);
  expect(factsOf({ encoders: ["dinov2-b"] })).toEqual([[...dino, false]]);
});

test("Inception's cache is a vector an image, whatever the grid, from a file that is asked for", () => {
  const [, inception] = jobsOf({ encoders: ["tiny-vit"], space: "inception-v3" });
  expect(inception?.spec).toMatchObject({
    label: "Features (inception-v3, pool3)",
    rowLength: 2048,
    cacheKey: `features/${DATASET.hash}/inception-v3/${INCEPTION_V3.version}`,
  });
  expect(inception?.always).toBe(true);
  expect(inception?.published).toEqual({
    label: INCEPTION_V3.label,
    files: INCEPTION_V3.files,
  });
});
