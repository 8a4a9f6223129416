import { withAllImages } from "./imageEntries";
import { expect, test } from "vitest";
import { Experiment } from "./experiment";
import { nonDefaults } from "./nonDefaults";
import { PRESETS, presetById } from "./presets";
import { modelShape } from "./sizes";
import { validateExperiment } from "./validate";

test.each(PRESETS)("$id is a valid experiment that can run", ({ experiment }) => {
  expect(Experiment.parse(experiment)).toEqual(experiment);
  expect(validateExperiment(experiment)).toEqual([]);
});

test("ids are unique, and the error for an unknown one lists them", () => {
  expect(new Set(PRESETS.map(({ id }) => id)).size).toBe(PRESETS.length);
  expect(presetById("vanilla").experiment.alignment.projCoeff).toBe(0);
  expect(() => presetById("none")).toThrow(/no preset "none"/);
});

test("vanilla is the first minute but for λ, so that the two compare once all images are there", () => {
  const { experiment } = presetById("first-minute");
  expect(experiment.data.startEarly).toBe(true);
  expect(presetById("vanilla").experiment).toEqual({
    ...withAllImages(experiment),
    alignment: { ...experiment.alignment, projCoeff: 0 },
  });
});

test.each([
  // paper, appendix D; depth of SiT-B from the authors (see presets.ts)
  ["paper-b2", 12, 768, 12, 4, "cosine", 400_000],
  ["paper-l2", 24, 1024, 16, 8, "ntxent", 700_000],
  ["paper-xl2", 28, 1152, 16, 8, "cosine", 4_000_000],
  ["paper-dit-xl2", 28, 1152, 16, 8, "cosine", 850_000],
])("%s is the appendix's table", (id, depth, width, heads, encoderDepth, objective, steps) => {
  const { model, alignment, optimizer, sampling, transport } = presetById(id).experiment;
  expect(modelShape(model)).toEqual({ depth, width, heads });
  expect(model.patchSize).toBe(2);
  expect(alignment).toMatchObject({ encoderDepth, objective, projCoeff: 0.5 });
  expect(optimizer).toMatchObject({ steps, batchSize: 256, learningRate: 1e-4, weightDecay: 0 });
  expect([optimizer.beta1, optimizer.beta2, optimizer.maxGradNorm]).toEqual([0.9, 0.999, 1]);
  expect(sampling).toMatchObject({ solver: "euler-maruyama", steps: 250, guidanceScale: 1 });
  expect(transport).toEqual({ path: "linear", timeLaw: "uniform" });
});

test("DiT's first minute is the first minute but for family and sampler, so that the two compare", () => {
  const { experiment } = presetById("first-minute");
  const { model, sampling } = experiment;
  expect(presetById("dit-first-minute").experiment).toEqual({
    ...experiment,
    model: { ...model, family: "dit" },
    sampling: { ...sampling, ddpmSampler: "ddim" },
  });
  expect(presetById("paper-dit-xl2").experiment.model.family).toBe("dit");
});

test("non-default settings are listed with their labels, and none for the defaults", () => {
  expect(nonDefaults(Experiment.parse({}))).toEqual([]);
  const listed = nonDefaults(presetById("paper-b2").experiment).map(({ setting, value }) => ({
    path: setting.path,
    label: setting.info.label,
    value,
  }));
  expect(listed).toEqual([
    { path: "model.size", label: "Size", value: "B" },
    { path: "alignment.encoderDepth", label: "Alignment depth", value: 4 },
    { path: "alignment.encoders", label: "Target encoders", value: ["dinov2-b"] },
  ]);
});

test("the pair is the first minute but for encoder, λ and length, and its halves for λ alone", () => {
  const { experiment } = presetById("vanilla");
  const [half, repa] = ["repa-against-vanilla-0", "repa-against-vanilla"].map(
    (id) => presetById(id).experiment,
  );
  expect(half).toMatchObject({
    ...{ model: experiment.model, sampling: experiment.sampling },
    alignment: { ...experiment.alignment, encoders: ["tiny-vit-2"] },
    optimizer: { ...experiment.optimizer, steps: 500 },
  });
  expect(repa).toEqual({ ...half, alignment: { ...half?.alignment, projCoeff: 2 } });
});
