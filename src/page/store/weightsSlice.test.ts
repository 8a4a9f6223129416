import { expect, test } from "vitest";
import { Experiment } from "../../common/config/experiment";
import type { WeightsNeeded, WeightsSummary } from "../../common/protocol/weights";
import { createStudioStore } from "./studioStore";
import {
  chosenFile,
  missingWeightsBytes,
  weightsSecondsLeft,
  type WeightsAsk,
} from "./weightsSlice";

const licence = { name: "Apache-2.0", nonCommercial: false };
const file = (repo: string, bytes: number) => ({
  repo,
  revision: "main",
  file: "model.safetensors",
  bytes,
  licence,
});
const NEEDED: readonly WeightsNeeded[] = [
  { label: "A", files: [file("one/a", 1000), file("two/a", 2000)], keptBytes: 300 },
  { label: "B", files: [file("one/b", 500)], keptBytes: 0 },
];
const KEY_A = "one/a@main/model.safetensors";
const summary = (rounding: WeightsSummary["rounding"]): WeightsSummary => ({
  key: KEY_A,
  repo: "one/a",
  file: "model.safetensors",
  commit: "c",
  bytes: 500,
  complete: true,
  precision: rounding ? "float16" : "stored",
  rounding,
  verified: true,
  licence,
});

function asked() {
  const store = createStudioStore(Experiment.parse({}));
  store.getState().askWeights(NEEDED, "train");
  const ask = (): WeightsAsk => {
    const { ask: open } = store.getState().weights;
    if (!open) throw new Error("nothing is asked");
    return open;
  };
  return { store, ask };
}

test("what is here in part is not counted again, unless another repository is chosen", () => {
  const { store, ask } = asked();
  expect(missingWeightsBytes(ask())).toBe(700 + 500);
  store.getState().chooseWeightsFile(0, 1);
  expect(ask().items.map((item) => chosenFile(item).repo)).toEqual(["two/a", "one/b"]);
  expect(missingWeightsBytes(ask())).toBe(2000 + 500);
});

test("progress counts down bytes and time, for the file it names alone", () => {
  const { store, ask } = asked();
  store.getState().beginWeights();
  expect(weightsSecondsLeft(ask())).toBeNull();
  const progress = {
    type: "progress",
    doneBytes: 600,
    allBytes: 1000,
    bytesPerSecond: 90,
  } as const;
  store.getState().applyWeightsEvent({ ...progress, key: KEY_A });
  store.getState().applyWeightsEvent({ ...progress, key: "one/unknown@main/x" });
  expect(ask().items.map(({ status }) => status)).toEqual(["fetching", "missing"]);
  expect(missingWeightsBytes(ask())).toBe(400 + 500);
  expect(weightsSecondsLeft(ask())).toBe(10);
  store.getState().applyWeightsEvent({ type: "checking", key: KEY_A });
  expect(weightsSecondsLeft(ask())).toBeNull();
});

test("a failure brings a hidden download back and counts what is kept of it", () => {
  const { store, ask } = asked();
  const { beginWeights, applyWeightsEvent, showWeights, failWeights, setStoredWeights } =
    store.getState();
  beginWeights();
  showWeights(false);
  applyWeightsEvent({
    type: "progress",
    key: KEY_A,
    doneBytes: 600,
    allBytes: 1000,
    bytesPerSecond: 90,
  });
  const failure = { code: "DOWNLOAD_FAILED", message: "cut", hint: "again" } as const;
  applyWeightsEvent({ type: "warning", key: KEY_A, failure });
  // nothing arrives until it is mended
  expect(ask().items[0]).toMatchObject({ warning: failure, bytesPerSecond: 0 });
  setStoredWeights([{ ...summary(null), bytes: 500, complete: false }]);
  failWeights(failure);
  expect(ask()).toMatchObject({ stage: "failed", hidden: false, failure });
  // a hundred bytes were not a whole piece; the failure is said once
  expect(ask().items[0]).toMatchObject({ status: "missing", warning: null });
  expect(missingWeightsBytes(ask())).toBe(500 + 500);
  beginWeights();
  expect(ask()).toMatchObject({ stage: "fetching", failure: null });
});

test("after a wrong checksum nothing counts as here, also what was kept before", () => {
  const { store, ask } = asked();
  const { beginWeights, failWeights, setStoredWeights } = store.getState();
  beginWeights();
  setStoredWeights([]);
  failWeights({ code: "CHECKSUM_MISMATCH", message: "wrong", hint: "again" });
  expect(missingWeightsBytes(ask())).toBe(1000 + 500);
});

test("rounded weights are told once, others not", () => {
  const { store, ask } = asked();
  store.getState().weightsHere(1, summary(null));
  expect(store.getState().weights.rounded).toEqual([]);
  store.getState().weightsHere(0, summary({ relativeRms: 2e-4, largest: 3e-3 }));
  expect(missingWeightsBytes(ask())).toBe(0);
  expect(store.getState().weights.rounded).toHaveLength(1);
  store.getState().dismissRounded();
  expect(store.getState().weights.rounded).toEqual([]);
});
