import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { z } from "zod";
import { Experiment } from "./experiment";
import { heldOutImages, validateExperiment } from "./validate";

const pathsOf = (settings: z.input<typeof Experiment>) =>
  validateExperiment(Experiment.parse(settings)).map((issue) => issue.path);

test.each<[string, z.input<typeof Experiment>, string[]]>([
  ["the default depth on a Nano", {}, ["alignment.encoderDepth"]],
  [
    "heads that do not divide",
    { model: { size: "custom", width: 64, depth: 8, heads: 5 } },
    ["model.heads"],
  ],
  ["the last block", { model: { size: "custom", width: 64, depth: 8, heads: 4 } }, []],
  [
    "crossed guidance",
    { model: { size: "S" }, sampling: { guidanceLow: 0.8, guidanceHigh: 0.3 } },
    ["sampling.guidanceLow"],
  ],
  [
    "too few images for k",
    { model: { size: "S" }, evaluation: { heldOutCount: 12, cknnaK: 11 } },
    ["evaluation.cknnaK"],
  ],
  ["the largest k", { model: { size: "S" }, evaluation: { heldOutCount: 13, cknnaK: 11 } }, []],
  [
    "more than is held out",
    { model: { size: "S" }, evaluation: { heldOutCount: 383 } },
    ["evaluation.heldOutCount"],
  ],
  [
    "an encoder twice",
    { model: { size: "S" }, alignment: { encoders: ["tiny-vit", "tiny-vit"] } },
    ["alignment.encoders"],
  ],
  [
    "a micro-batch that leaves a rest",
    { model: { size: "S" }, optimizer: { batchSize: 32, microBatch: 12 } },
    ["optimizer.microBatch"],
  ],
  [
    "a micro-batch above the batch",
    { model: { size: "S" }, optimizer: { batchSize: 32, microBatch: 64 } },
    ["optimizer.microBatch"],
  ],
  [
    "micro-batches of one",
    { model: { size: "S" }, optimizer: { batchSize: 32, microBatch: 1 } },
    [],
  ],
  [
    "a fine patch on pixels",
    { model: { size: "S", patchSize: 8 }, autoencoder: { id: "pixels" } },
    [],
  ],
])("%s", (_, settings, expected) => {
  expect(pathsOf(settings)).toEqual(expected);
});

test("a timeline is checked against the model and for order", () => {
  const experiment = Experiment.parse({ alignment: { encoderDepth: 2 } });
  const issues = validateExperiment(experiment, [
    { step: 10, change: { encoderDepth: 4 } },
    { step: 5, change: { encoderDepth: 5 } },
  ]);
  expect(issues.map((issue) => issue.path)).toEqual(["timeline.1.encoderDepth", "timeline.1.step"]);
  expect(issues[0]?.message).toMatch(/Block 5 .* 4 blocks/);
});

test("the count of held-out images is the committed data set's", () => {
  const url = new URL("../../../public/emoji/emoji.json", import.meta.url);
  const { concepts } = JSON.parse(readFileSync(url, "utf8")) as { concepts: unknown[] };
  const { data } = Experiment.parse({});
  expect(heldOutImages(data)).toBe(2 * Math.round(concepts.length * 0.1));
});
