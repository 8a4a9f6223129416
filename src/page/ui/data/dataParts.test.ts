import { expect, test } from "vitest";
import { newImport } from "../../store/datasetsSlice";
import { weightsFacts } from "../explain/weights";
import { wholeRows } from "../storage/StoredLists";
import { readRepo } from "./HubSearch";
import { tileMove } from "./ImageBrowser";
import { isSide } from "./ImportForm";
import { progressText } from "./ImportProgress";
import { imageRate } from "./MapsTable";
import { pickedArchives, pickedFolder } from "./pickImages";
import { rgbToRgba } from "../components/rgba";

test("a repository is named owner/name, with a revision if one is wanted", () => {
  expect(readRepo(" uoft-cs/cifar10 ")).toEqual({ repo: "uoft-cs/cifar10", revision: "main" });
  expect(readRepo("a/b@refs/convert/parquet")).toEqual({
    repo: "a/b",
    revision: "refs/convert/parquet",
  });
  expect(readRepo("https://huggingface.co/a/b")).toBeNull();
  expect(readRepo("cifar10")).toBeNull();
});

test("sides are multiples of eight that every autoencoder divides", () => {
  expect([8, 64, 1024].map(isSide)).toEqual([true, true, true]);
  expect([0, 4, 60, 1032, "64", ""].map(isSide)).toEqual(Array(6).fill(false));
});

test("a picked folder's own name is not a class", () => {
  const file = Object.assign(new File([], "1.png"), { webkitRelativePath: "pets/cats/1.png" });
  expect(pickedFolder([file])).toEqual({
    source: { kind: "files", files: [{ path: "cats/1.png", file }] },
    name: "pets",
  });
  expect(pickedFolder([])).toBeNull();
  expect(pickedArchives([new File([], "pets.tar.zip")])?.name).toBe("pets.tar");
});

test("progress says as much as is known", () => {
  const job = newImport("Pets", "folder pets");
  expect(progressText(job)).toBe("Looking what there is");
  expect(progressText({ ...job, done: 5, readBytes: 2000 })).toBe("5 images · 2.0 kB read");
  expect(
    progressText({
      ...job,
      done: 5,
      total: 10,
      readBytes: 2000,
      foundBytes: 4000,
      imagesPerSecond: 12.3,
      skipped: 1,
    }),
  ).toBe("5 of 10 images · 2.0 kB of 4.0 kB · 12 images/s · 1 skipped");
});

test("arrows move among tiles by one or by a row", () => {
  expect(["ArrowLeft", "ArrowDown", "Home", "x"].map((key) => tileMove(key, 12))).toEqual([
    -1,
    12,
    -Infinity,
    null,
  ]);
});

test("pixels become opaque, in order", () => {
  expect([...rgbToRgba(Uint8Array.from([1, 2, 3, 4, 5, 6]))]).toEqual([1, 2, 3, 255, 4, 5, 6, 255]);
});

test("rates are read the way round that says more", () => {
  expect(imageRate(812)).toBe("812 images/s");
  expect(imageRate(0.4)).toBe("2.5 s/image");
});

test("a cache is whole when it has a row for each image of the data set its key names", () => {
  const hash = "cd".repeat(32);
  const data = { hash, source: "folder:pets", resolution: 64, classes: 1, images: 40 };
  const pets = {
    id: "d",
    name: "Pets",
    source: "folder:pets",
    data,
    classNames: ["cat"],
    classCounts: [40],
    images: 40,
    resolution: 64,
    bytes: 1,
    skippedCount: 0,
    skipped: [],
    notes: [],
    createdAtMs: 0,
    resumable: false,
  };
  expect(wholeRows({ key: `features/${hash}/tiny-vit/1/8` }, [pets])).toBe(40);
  expect(wholeRows({ key: "features/ff/tiny-vit/1/8" }, [pets])).toBeNull();
});

test("weights say their precision, its price, and whether the hub vouches for them", () => {
  const weights = {
    key: "k",
    repo: "o/n",
    file: "model.safetensors",
    commit: "c",
    bytes: 44_100_000,
    complete: true,
    precision: "float16" as const,
    rounding: { relativeRms: 0.000213, largest: 0.00391 },
    verified: true,
    licence: { name: "MIT", nonCommercial: false },
  };
  expect(weightsFacts(weights)).toEqual([
    "44.1 MB",
    "float16",
    "rounding error 2.13e−4 of RMS, at most 0.00391",
    "SHA-256 verified",
    "MIT",
  ]);
  expect(
    weightsFacts({
      ...weights,
      complete: false,
      precision: "stored",
      rounding: null,
      verified: false,
    }),
  ).toEqual(["44.1 MB", "in part", "MIT"]);
});
