import { expect, test } from "vitest";
import { Experiment } from "../../common/config/experiment";
import {
  initialExperiment,
  moveAlignment,
  resetField,
  resetGroup,
  setField,
} from "./experimentSlice";

const start = () =>
  initialExperiment(Experiment.parse({ alignment: { encoderDepth: 2 } }), "first-minute");

test("a value the schema takes is set and listed as changed, and reset takes it back", () => {
  const changed = setField(start(), "optimizer", "learningRate", 0.001);
  expect(changed.value.optimizer.learningRate).toBe(0.001);
  expect(changed.changed).toEqual(["optimizer.learningRate"]);
  const back = resetField(changed, "optimizer", "learningRate");
  expect(back.changed).toEqual([]);
});

test("a value out of range keeps the old one, names the field, and blocks the run until mended", () => {
  const refused = setField(start(), "optimizer", "batchSize", 0);
  expect(refused.value.optimizer.batchSize).toBe(256);
  expect(refused.issues).toEqual({
    "optimizer.batchSize": "A whole number from 1 to 1024.",
  });
  expect(setField(refused, "optimizer", "batchSize", 8).issues).toEqual({});
  expect(resetGroup(refused, "optimizer").issues).toEqual({});
});

test("the last encoder cannot be removed", () => {
  const refused = setField(start(), "alignment", "encoders", []);
  expect(refused.errors["alignment.encoders"]).toBe("Choose one to 3.");
});

test("a field that does not exist is refused by name", () => {
  expect(setField(start(), "data", "nonsense", 1).errors).toEqual({
    "data.nonsense": "There is no such setting.",
  });
});

test("a smaller model pulls the alignment depth inside", () => {
  const big = setField(start(), "model", "size", "B");
  const deep = setField(big, "alignment", "encoderDepth", 12);
  expect(setField(deep, "model", "size", "Nano").value.alignment.encoderDepth).toBe(4);
});

test("settings that contradict each other are issues of the field to change", () => {
  expect(initialExperiment(Experiment.parse({}), null).issues).toHaveProperty([
    "alignment.encoderDepth",
  ]);
  const experiment = Experiment.parse({
    model: { size: "custom", width: 100, heads: 3, depth: 8, patchSize: 8 },
    sampling: { guidanceLow: 0.9, guidanceHigh: 0.1 },
  });
  expect(Object.keys(initialExperiment(experiment, null).issues)).toEqual([
    "model.heads",
    "sampling.guidanceLow",
  ]);
});

test("a live change sets the controls and nothing else", () => {
  const changed = moveAlignment(start(), { projCoeff: 2 });
  expect(changed.value.alignment.projCoeff).toBe(2);
  expect(changed.value.alignment.encoderDepth).toBe(2);
  expect(changed.baseline.alignment.projCoeff).toBe(0.5);
});
