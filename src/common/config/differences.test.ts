import { expect, test } from "vitest";
import { differences, differingSettings, nearestPreset, withoutSeed } from "./differences";
import { Experiment } from "./experiment";
import { presetById } from "./presets";

const first = presetById("first-minute").experiment;
const with_ = (projCoeff: number, seed: number): Experiment => ({
  ...first,
  alignment: { ...first.alignment, projCoeff },
  optimizer: { ...first.optimizer, seed },
});

test("differences name the settings that differ, with both values", () => {
  const found = differences(first, with_(0.25, 3));
  expect(found.map(({ setting, from, to }) => [setting.path, from, to])).toEqual([
    ["alignment.projCoeff", 0.5, 0.25],
    ["optimizer.seed", 0, 3],
  ]);
  expect(differences(first, first)).toEqual([]);
});

test("a setting without a meaning in both is no difference", () => {
  const ofTarget = (targetPatchSize: number): Experiment => ({
    ...first,
    model: { ...first.model, width: targetPatchSize }, // of a size with a name, the width says nothing
  });
  expect(differences(ofTarget(8), ofTarget(16))).toEqual([]);
});

test("settings that differ among several are found once, in the schema's order", () => {
  const found = differingSettings([with_(0.5, 0), with_(0.5, 1), with_(0, 1)]);
  expect(found.map(({ path }) => path)).toEqual(["alignment.projCoeff", "optimizer.seed"]);
  expect(differingSettings([])).toEqual([]);
});

test("the nearest preset is the one of the name, else the one with the fewest differences", () => {
  expect(nearestPreset(with_(0, 1))?.id).toBe("vanilla");
  expect(nearestPreset(with_(0, 1), "First minute")?.id).toBe("first-minute");
  expect(nearestPreset(presetById("tiny").experiment, "Custom")?.id).toBe("tiny");
});

test("two experiments are one but for the seed", () => {
  expect(withoutSeed(with_(0.5, 0))).toBe(withoutSeed(with_(0.5, 7)));
  expect(withoutSeed(with_(0.5, 0))).not.toBe(withoutSeed(with_(0, 0)));
});
