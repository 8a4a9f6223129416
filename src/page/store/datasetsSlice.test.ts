import fc from "fast-check";
import { expect, test } from "vitest";
import { Experiment, type ImportedData } from "../../common/config/experiment";
import { heldOutImages } from "../../common/config/validate";
import { estimatedSeconds } from "./prefillSlice";
import { endedImport, importedDataset, newImport, reduceImport } from "./datasetsSlice";
import { BUILT_IN_DATA, MOST_SELECTED, shownData } from "./previewSlice";
import { selectClassNames } from "./selectors";
import { createStudioStore } from "./studioStore";

const imported = (images: number): ImportedData => ({
  hash: "ab".repeat(32),
  source: "folder:pets",
  resolution: 64,
  classes: 2,
  images,
});
const summary = (images: number, data: ImportedData | null = imported(images)) => ({
  id: "d1",
  name: "Pets",
  source: "folder:pets",
  data,
  classNames: ["cat", "dog"],
  classCounts: [images / 2, images / 2],
  images,
  resolution: 64,
  bytes: 1000,
  skippedCount: 0,
  skipped: [],
  notes: [],
  createdAtMs: 0,
  resumable: data === null,
});

test("choosing a small data set fits the evaluation to it and says what moved", () => {
  const store = createStudioStore(Experiment.parse({ alignment: { encoderDepth: 2 } }));
  store.getState().setImported(imported(200));
  const { experiment, datasets } = store.getState();
  expect(experiment.value.data).toMatchObject({ dataset: "imported", imported: { images: 200 } });
  expect(experiment.value.evaluation).toMatchObject({ heldOutCount: 20, sampleCount: 200 });
  expect(experiment.issues).toEqual({});
  expect(datasets.adjusted).toEqual([
    "Samples for KID and Fréchet: 256 → 200",
    "Held-out images for CKNNA: 256 → 20",
  ]);
});

test("a data set large enough changes no setting, and the built-in one is chosen by none", () => {
  const store = createStudioStore(Experiment.parse({}));
  store.getState().setImported(imported(50_000));
  expect(store.getState().datasets.adjusted).toEqual([]);
  store.getState().setImported(null);
  expect(store.getState().experiment.value).toEqual(Experiment.parse({}));
});

test("a dozen images hold out a third, so that they can be trained on", () => {
  const store = createStudioStore(Experiment.parse({ alignment: { encoderDepth: 2 } }));
  store.getState().setImported(imported(12));
  const { experiment, datasets } = store.getState();
  expect(experiment.issues).toEqual({});
  expect(heldOutImages(experiment.value.data)).toBe(4);
  expect(experiment.value.evaluation).toMatchObject({ heldOutCount: 4, cknnaK: 2 });
  expect(datasets.adjusted).toEqual([
    "Held-out fraction: 0.1 → 0.334",
    "Samples for KID and Fréchet: 256 → 12",
    "Held-out images for CKNNA: 256 → 4",
    "CKNNA k: 10 → 2",
  ]);
});

test("a data set of any size either fits or says what is missing", () => {
  const count = fc.integer({ min: 2, max: 20_000 });
  const fraction = fc.double({ min: 0.001, max: 0.5, noNaN: true });
  fc.assert(
    fc.property(count, fraction, (images, holdOutFraction) => {
      const experiment = Experiment.parse({
        data: { holdOutFraction },
        alignment: { encoderDepth: 2 },
      });
      const store = createStudioStore(experiment);
      store.getState().setImported(imported(images));
      const { value, issues } = store.getState().experiment;
      expect(Experiment.parse(value)).toEqual(value);
      expect(Object.keys(issues)).toEqual(images < 7 ? ["evaluation.heldOutCount"] : []);
    }),
  );
});

test("an import counts, a cancelled one is no failure", () => {
  const begun = newImport("Pets", "folder pets");
  const found = reduceImport(begun, { type: "found", images: 10, bytes: null });
  const half = reduceImport(found, {
    type: "progress",
    done: 5,
    total: 10,
    skipped: 1,
    readBytes: 90,
    imagesPerSecond: 3,
  });
  expect(half).toMatchObject({ status: "running", foundImages: 10, done: 5, skipped: 1 });
  const failure = { code: "BAD_ARCHIVE", message: "no zip", hint: "another" } as const;
  expect(endedImport(half, null).status).toBe("done");
  expect(endedImport(half, failure)).toMatchObject({ status: "failed", failure });
  expect(endedImport(half, { ...failure, code: "CANCELLED" })).toMatchObject({
    status: "cancelled",
    failure: null,
  });
});

test("class names follow the data set that is trained on", () => {
  const store = createStudioStore(Experiment.parse({}));
  store.getState().setClassNames(["Smileys"]);
  expect(selectClassNames(store.getState())).toEqual(["Smileys"]);
  store.getState().setImported(imported(200));
  expect(selectClassNames(store.getState())).toEqual([]);
  store.getState().setDatasets([summary(200)]);
  expect(selectClassNames(store.getState())).toEqual(["cat", "dog"]);
  expect(importedDataset([summary(300, null)], store.getState().experiment.value.data)).toBeNull();
});

test("what is shown names its images; an import that is not complete has none", () => {
  expect(shownData(BUILT_IN_DATA, null, 0.2)).toMatchObject({
    dataset: "emoji",
    holdOutFraction: 0.2,
  });
  expect(shownData("d1", [summary(200)], 0.1)).toMatchObject({ dataset: "imported" });
  expect(shownData("d1", [summary(200, null)], 0.1)).toBeNull();
  expect(shownData("d1", null, 0.1)).toBeNull();
});

test("images are chosen up to a number, keep their pixels across pages, and go with their data set", () => {
  const store = createStudioStore(Experiment.parse({}));
  const { askImages, setImages, toggleImage } = store.getState();
  const page = (first: number) => ({
    images: Array.from({ length: 20 }, (_, index) => first + index),
    labels: new Array<number>(20).fill(1),
    heldOut: new Array<boolean>(20).fill(false),
    pictures: { side: 1, rgb: Uint8Array.from({ length: 60 }, (_, i) => first + i) },
    total: 40,
    classNames: ["cat", "dog"],
  });
  askImages({ shown: BUILT_IN_DATA, label: null, first: 0 });
  setImages(page(0));
  toggleImage(2);
  toggleImage(99);
  askImages({ shown: BUILT_IN_DATA, label: null, first: 20 });
  setImages(page(20));
  expect(store.getState().preview.selected).toEqual([
    { image: 2, label: 1, side: 1, rgb: Uint8Array.from([6, 7, 8]) },
  ]);
  for (let image = 20; image < 40; image += 1) toggleImage(image);
  expect(store.getState().preview.selected).toHaveLength(MOST_SELECTED);
  toggleImage(2);
  expect(store.getState().preview.selected).toHaveLength(MOST_SELECTED - 1);
  askImages({ shown: "d1", label: null, first: 0 });
  expect(store.getState().preview).toMatchObject({ selected: [], page: null });
});

test("the time to fill caches is known only when the rate of every missing one was measured", () => {
  const item = (bytes: number, cachedBytes: number, seconds: number | null) => ({
    label: "x",
    bytes,
    cachedBytes,
    seconds,
  });
  const estimate = (...items: ReturnType<typeof item>[]) => ({ images: 1, weights: [], items });
  expect(estimatedSeconds(estimate(item(10, 0, 3), item(10, 5, 4)))).toBe(7);
  expect(estimatedSeconds(estimate(item(10, 0, 3), item(10, 10, null)))).toBe(3);
  expect(estimatedSeconds(estimate(item(10, 0, 3), item(10, 0, null)))).toBeNull();
});
