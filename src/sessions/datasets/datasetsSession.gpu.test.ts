import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  BROKEN_PATH,
  GOOD_IMAGES,
  TEST_CLASSES,
  testFiles,
  testParquet,
  testZip,
} from "../../../e2e/hub/testData";
import { hub, toBase64 } from "../../../test/browserHub";
import { DataConfig, type ImportedData } from "../../common/config/experiment";
import { browserCodec } from "../../sources/data/browserCodec";
import { centerCrop } from "../../sources/data/centerCrop";
import type { HubTools } from "../../sources/hub/hubClient";
import { pause } from "../../sources/hub/pause";
import type {
  DatasetsApi,
  DatasetSummary,
  ImportEvent,
  ImportOptions,
  ImportSource,
} from "../../common/protocol/datasets";
import type { Database } from "../../common/storage/db";
import { openStudioDb } from "../../common/storage/openDb";
import { createDatasetsSession } from "./datasetsSession";
import { openImportedDataset } from "./importedDataset";
import { valueOf } from "../../../test/valueOf";

/** Real IndexedDB, decoders and files; nothing here needs a GPU. */

const OPTIONS: ImportOptions = { name: "Test", resolution: 16 };
let name = "";
let db: Database;
let session: DatasetsApi;
let events: ImportEvent[];

beforeEach(async () => {
  name = `test-${crypto.randomUUID()}`;
  db = await openStudioDb(name);
  events = [];
  const places = await hub.hubReset();
  const tools: HubTools = {
    places,
    fetch: (url, init) => fetch(url, init),
    sleep: () => Promise.resolve(),
    silence: (signal) => pause(60_000, signal),
    nowMs: () => 0,
  };
  let now = 0;
  session = createDatasetsSession({
    startRuntime: () => Promise.reject(new Error("no network runs here")),
    openDatabase: () => openStudioDb(name),
    openWeights: () => Promise.reject(new Error("no weights here")),
    readDataFile: () => Promise.reject(new Error("no built-in images here")),
    readModelFile: () => Promise.reject(new Error("no weights here")),
    imageCodec: browserCodec,
    hub: tools,
    nowMs: () => ++now,
    clockMs: () => now,
    wait: pause,
    turn: () => Promise.resolve(),
    codeVersion: "test",
  });
});
afterEach(() => {
  db.close();
  indexedDB.deleteDatabase(name);
});

const fileOf = (bytes: Uint8Array, path: string) => new File([new Uint8Array(bytes)], path);
const folder = (): ImportSource => ({
  kind: "files",
  files: testFiles().map(({ path, bytes }) => ({ path, file: fileOf(bytes, path) })),
});

const importAll = async (
  source: ImportSource,
  options = OPTIONS,
  onEvent: (event: ImportEvent) => void = (event) => events.push(event),
): Promise<DatasetSummary> => valueOf(await session.importImages(source, options, onEvent));

function dataOf({ data }: DatasetSummary): ImportedData {
  if (!data) throw new Error("the import is not complete");
  return data;
}
const open = (summary: DatasetSummary, config = {}) =>
  openImportedDataset(
    db,
    DataConfig.parse({ dataset: "imported", imported: dataOf(summary), ...config }),
  );

describe("an import", () => {
  test("of a folder keeps every good image as ADM's square and lists the broken one", async () => {
    const summary = await importAll(folder());
    expect(summary).toMatchObject({
      source: "folder:Test",
      images: GOOD_IMAGES,
      classNames: TEST_CLASSES,
      classCounts: [4, 4, 4],
      resumable: false,
      skippedCount: 1,
      skipped: [{ name: BROKEN_PATH }],
      data: { resolution: 16, classes: 3, images: GOOD_IMAGES },
    });
    expect(events[0]).toEqual({
      type: "found",
      images: 13,
      bytes: testFiles().reduce((sum, { bytes }) => sum + bytes.length, 0),
    });
    expect(events.at(-1)).toMatchObject({ type: "progress", done: 13, total: 13, skipped: 1 });

    const data = await open(summary);
    const good = testFiles().filter(({ path }) => path !== BROKEN_PATH);
    const rgb = await data.readRgb(good.map((_, image) => image));
    for (const [image, { path, bytes }] of good.entries()) {
      const want = centerCrop(await browserCodec.decode(bytes), 16);
      expect(rgb.subarray(image * want.length, (image + 1) * want.length)).toEqual(want);
      expect(data.classNames[data.labelOf(image)]).toBe(path.split("/")[0]);
    }
    await expect(data.readRgb([GOOD_IMAGES])).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
  });

  test("gives the same data set from a folder, a zip, parquet, a directory and the hub", async () => {
    const first = dataOf(await importAll(folder()));
    const zip = fileOf(await testZip(testFiles(), "top/"), "images.zip");
    const parquet = fileOf(testParquet(), "images.parquet");
    const root = await navigator.storage.getDirectory();
    const directory = await root.getDirectoryHandle(name, { create: true });
    for (const { path, bytes } of testFiles()) {
      const [part = "", file = ""] = path.split("/");
      const inside = await directory.getDirectoryHandle(part, { create: true });
      const writer = await (await inside.getFileHandle(file, { create: true })).createWritable();
      await writer.write(new Uint8Array(bytes));
      await writer.close();
    }
    const key = "datasets/o/images@main/data/train-00000-of-00001.parquet";
    await hub.hubPut(key, toBase64(testParquet()));
    const dataset = { repo: "o/images", revision: "main", config: "default", split: "train" };
    const sources: ImportSource[] = [
      { kind: "archives", files: [zip] },
      { kind: "archives", files: [parquet] },
      { kind: "directory", handle: directory },
      { kind: "hub", dataset },
    ];
    const found: string[] = [];
    for (const source of sources) {
      const summary = await importAll(source);
      expect(dataOf(summary).hash).toBe(first.hash);
      found.push(summary.source);
    }
    expect(found.slice(0, 3)).toEqual([
      "folder:images.zip",
      "folder:images.parquet",
      `folder:${name}`,
    ]);
    expect(found[3]).toMatch(/^hub:o\/images@[0-9a-f]{40}\/default\/train$/);
    // the same images are kept once
    expect(valueOf(await session.datasets())).toHaveLength(1);
    await root.removeEntry(name, { recursive: true });
  });

  test("from a hub that gives no parts fetches the file whole and says so", async () => {
    const key = "datasets/o/whole@main/data/train-00000-of-00001.parquet";
    await hub.hubPut(key, toBase64(testParquet()));
    await hub.hubFail({ failure: { kind: "noRange" }, times: 1000 });
    const dataset = { repo: "o/whole", revision: "main", config: "default", split: "train" };
    expect((await importAll({ kind: "hub", dataset })).images).toBe(GOOD_IMAGES);
    expect(events.filter(({ type }) => type === "warning")).toHaveLength(1);
  });

  test("from the hub goes on after a cut connection, says so, and ends the same", async () => {
    const whole = dataOf(await importAll(folder()));
    const key = "datasets/o/cut@main/data/train-00000-of-00001.parquet";
    await hub.hubPut(key, toBase64(testParquet()));
    await hub.hubFail({ failure: { kind: "cut", afterBytes: 3000 }, times: 3 });
    const dataset = { repo: "o/cut", revision: "main", config: "default", split: "train" };
    expect(dataOf(await importAll({ kind: "hub", dataset })).hash).toBe(whole.hash);
    const warnings = events.flatMap((event) => (event.type === "warning" ? [event.failure] : []));
    expect(warnings[0]?.message).toContain("the connection broke at byte");
  });

  test("that is cancelled ends, on a second call, as one that was not", async () => {
    const whole = dataOf(await importAll(folder(), { ...OPTIONS, resolution: 24 }));
    await session.deleteDataset(valueOf(await session.datasets())[0]?.id ?? "");
    let seen = 0;
    const outcome = await session.importImages(
      folder(),
      { ...OPTIONS, resolution: 24 },
      (event) => {
        if (event.type === "progress" && ++seen === 6) void session.cancelImport();
      },
    );
    expect(outcome).toMatchObject({ ok: false, failure: { code: "CANCELLED" } });
    expect(dataOf(await importAll(folder(), { ...OPTIONS, resolution: 24 }))).toEqual(whole);
  });

  test("goes on from what is stored over the same listing, and starts anew over another", async () => {
    const handle = await navigator.storage.getDirectory();
    const cut = await importAll(folder());
    const [record] = await db.getAll("datasets");
    const list = await db.getAll("imageLists");
    if (!record || list.length !== 1) throw new Error("nothing was stored");
    // as a cut after the first shard leaves it
    await db.put("datasets", { ...record, complete: null, handle });
    expect(valueOf(await session.datasets())).toMatchObject([
      { data: null, resumable: true, handle: { kind: "directory" } },
    ]);
    events = [];
    const again = await importAll(folder());
    expect([again.id, dataOf(again)]).toEqual([cut.id, dataOf(cut)]);
    expect(events.filter(({ type }) => type === "progress")).toHaveLength(0); // nothing was read again
    await db.put("datasets", { ...record, complete: null });
    const files = testFiles().slice(1);
    const other = await importAll({
      kind: "files",
      files: files.map(({ path, bytes }) => ({ path, file: fileOf(bytes, path) })),
    });
    expect([other.images, other.id === cut.id]).toEqual([GOOD_IMAGES - 1, false]);
    expect(await db.count("images")).toBe(1);
  });

  test("takes JPEG, WebP and PNG of odd sizes side by side, and leaves out a cut and a false one", async () => {
    const encoded = async (type: string, width: number, height: number) => {
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext("2d")?.fillRect(3, 5, width / 2, height / 3);
      return new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer());
    };
    const jpeg = await encoded("image/jpeg", 37, 53);
    const files = Object.entries({
      "a/1.jpg": jpeg,
      "a/2.webp": await encoded("image/webp", 61, 44),
      "b/3.png": await encoded("image/png", 9, 130),
      "b/cut.jpg": jpeg.slice(0, 100),
      "b/half.jpg": jpeg.slice(0, jpeg.length / 2),
      "b/page.png": new TextEncoder().encode("<!doctype html>"),
    }).map(([path, bytes]) => ({ path, file: fileOf(bytes, path) }));
    const summary = await importAll({ kind: "files", files });
    expect(summary.skipped.map(({ name }) => name)).toEqual([
      "b/cut.jpg",
      "b/half.jpg",
      "b/page.png",
    ]);
    expect(summary).toMatchObject({ images: 3, classNames: ["a", "b"], classCounts: [2, 1] });
  });

  test("of nothing usable says why; a limit stops it", async () => {
    const broken: ImportSource = {
      kind: "files",
      files: [{ path: "a/1.png", file: fileOf(new Uint8Array(9), "1.png") }],
    };
    const outcome = await session.importImages(broken, OPTIONS, () => undefined);
    expect(outcome).toMatchObject({ ok: false, failure: { code: "BAD_DATASET" } });
    expect((await importAll(folder(), { ...OPTIONS, limit: 5 })).images).toBe(5);
  });
});

describe("imported images as a data set", () => {
  test("are split the same way for every run; a limit shortens the training side alone", async () => {
    const summary = await importAll(folder());
    const full = await open(summary, { holdOutFraction: 0.25 });
    expect([full.size, full.heldOutIndices.length, full.trainIndices.length]).toEqual([12, 3, 9]);
    expect(full.hash).toBe(dataOf(summary).hash);
    const sides = [...full.trainIndices, ...full.heldOutIndices].sort((a, b) => a - b);
    expect(sides).toEqual(Array.from({ length: 12 }, (_, i) => i));
    const short = await open(summary, { holdOutFraction: 0.25, imageLimit: 4 });
    expect([short.size, short.trainIndices.length]).toEqual([7, 4]);
    expect(short.hash).not.toBe(full.hash);
    const shown = (data: typeof full) => Array.from(data.heldOutIndices, data.groupOf);
    expect(shown(short)).toEqual(shown(full));
    expect(await short.readRgb(short.heldOutIndices)).toEqual(
      await full.readRgb(full.heldOutIndices),
    );
  });

  test("that are damaged are named, never read", async () => {
    const summary = await importAll(folder());
    const [shard] = await db.getAll("images");
    if (!shard) throw new Error("nothing was stored");
    const bytes = shard.bytes.slice(0);
    new Uint8Array(bytes)[40] = (new Uint8Array(bytes)[40] ?? 0) ^ 1;
    await db.put("images", { ...shard, bytes });
    const data = await open(summary);
    await expect(data.readRgb([0])).rejects.toMatchObject({
      code: "CHECKSUM_MISMATCH",
      message: expect.stringContaining("shard 0 of 1") as string,
      hint: expect.stringContaining("import it again") as string,
    });
    await importAll(folder()); // takes the damaged one's place
    expect((await (await open(summary)).readRgb([0])).length).toBe(16 * 16 * 3);
    await db.clear("imageLists");
    await expect(open(summary)).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
  });

  test("that are not here are named with how to get them", async () => {
    const summary = await importAll(folder());
    expect(valueOf(await session.deleteDataset(summary.id))).toBeNull();
    expect(await db.count("images")).toBe(0);
    await expect(open(summary)).rejects.toMatchObject({
      code: "DATASET_MISSING",
      hint: expect.stringContaining("folder:Test") as string,
    });
  });
});
