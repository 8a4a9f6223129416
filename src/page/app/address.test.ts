import { expect, test } from "vitest";
import { PRESETS } from "../../common/config/presets";
import { readAddress } from "./address";

test("an empty address opens the first preset on whatever backend there is", () => {
  expect(readAddress("")).toEqual({
    presetId: PRESETS[0]?.id,
    presetAsked: false,
    experiment: PRESETS[0]?.experiment,
    backend: "auto",
    restore: true,
  });
});

test("preset, backend and seed are taken", () => {
  const { presetId, presetAsked, experiment, backend } = readAddress(
    "?preset=vanilla&backend=cpu&seed=7",
  );
  expect(presetId).toBe("vanilla");
  expect(presetAsked).toBe(true);
  expect(experiment.alignment.projCoeff).toBe(0);
  expect(experiment.optimizer.seed).toBe(7);
  expect(backend).toBe("cpu");
});

test("the newest stored run is left unshown on demand", () => {
  expect(readAddress("?restore=no").restore).toBe(false);
  expect(readAddress("?restore=maybe").restore).toBe(true);
});

test("what is not understood stays at the default", () => {
  expect(readAddress("?preset=nope&backend=cuda&seed=-1")).toEqual({
    ...readAddress(""),
    presetAsked: true,
  });
});
