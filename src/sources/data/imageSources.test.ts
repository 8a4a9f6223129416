import { BlobWriter, Uint8ArrayReader, ZipWriter } from "@zip.js/zip.js/lib/zip-core-native.js";
import fc from "fast-check";
import { exampleRun, resultsBytes } from "../../../test/exampleResults";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { testFiles, testParquet, testZip } from "../../../e2e/hub/testData";
import { byteSourceOf } from "../../common/formats/byteSource";
import { archivesSource } from "./archivesSource";
import { filesSource } from "./filesSource";
import type { ImageSource, SourceImage } from "./imageSource";
import { parquetSource } from "./parquetImages";
import type { SourceFile } from "./sourceFile";
import { zipFiles } from "./zipFiles";

async function itemsOf(source: ImageSource, first = 0): Promise<SourceImage[]> {
  const items: SourceImage[] = [];
  for await (const item of source.from(first)) items.push(item);
  return items;
}
const listed = async (source: ImageSource, first = 0) =>
  (await itemsOf(source, first)).map(({ name, className }) => [name, className]);

const file = (path: string, text = "x"): SourceFile => {
  const bytes = new TextEncoder().encode(text);
  return { path, bytes: bytes.length, read: () => Promise.resolve(bytes) };
};
const filesOf = (...paths: string[]) => paths.map((path) => file(path));
const asFile = (name: string, bytes: Uint8Array) => new File([new Uint8Array(bytes)], name);

describe("a folder", () => {
  test("is listed by path; the first subfolder is the class, and what is no image is passed over", async () => {
    const source = await filesSource(
      "folder:x",
      filesOf(
        "b/2.jpg",
        "b/deep/1.PNG",
        "a/z.webp",
        "notes.txt",
        "a/.hidden.png",
        ".git/a.png",
        "loose.bmp",
      ),
    );
    expect(await listed(source)).toEqual([
      ["a/z.webp", "a"],
      ["b/2.jpg", "b"],
      ["b/deep/1.PNG", "b"],
      ["loose.bmp", "images"],
    ]);
    expect(source.images).toBe(4);
    expect(await listed(source, 3)).toEqual([["loose.bmp", "images"]]);
  });

  test("in another folder is the same as that folder, and one folder of images is one class", async () => {
    const inner = await filesSource("x", filesOf("top/train/a/1.png", "top/train/b/1.png"));
    expect(await listed(inner)).toEqual([
      ["a/1.png", "a"],
      ["b/1.png", "b"],
    ]);
    const one = await filesSource("x", filesOf("cats/1.png", "cats/2.png"));
    expect(await listed(one)).toEqual([
      ["cats/1.png", "cats"],
      ["cats/2.png", "cats"],
    ]);
  });

  test("gives the same listing whatever order its files come in", async () => {
    const paths = ["a/1.png", "a/10.png", "a/2.png", "B/1.png", "é/1.png"];
    const sorted = await listed(await filesSource("x", filesOf(...paths)));
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(paths, { minLength: paths.length }),
        async (shuffled) => {
          expect(await listed(await filesSource("x", filesOf(...shuffled)))).toEqual(sorted);
        },
      ),
      { numRuns: 20 },
    );
  });

  test("without an image is refused with the count of what is there", async () => {
    await expect(filesSource("folder:x", filesOf("a.txt", "b.md"))).rejects.toMatchObject({
      code: "BAD_DATASET",
      message: expect.stringContaining("of 2 files") as string,
    });
  });
});

describe("the reference's dataset.json", () => {
  const labels = (value: unknown) => file("dataset.json", JSON.stringify({ labels: value }));

  test("numbers the classes; what only one side knows is an image that cannot be read", async () => {
    const source = await filesSource("x", [
      labels([
        ["00000/img00000000.png", 11],
        ["00000/img00000002.png", 2],
        ["00000/gone.png", 0],
      ]),
      ...filesOf("00000/img00000000.png", "00000/img00000001.png", "00000/img00000002.png"),
    ]);
    expect(source.classOrder).toEqual(Array.from({ length: 12 }, (_, i) => String(i)));
    const items = await itemsOf(source);
    expect(items.map(({ className }) => className)).toEqual(["", "11", "", "2"]);
    await expect(items[0]?.read()).rejects.toThrow(/names 00000\/gone.png, which is not there/);
    await expect(items[2]?.read()).rejects.toThrow(/no label for 00000\/img00000001.png/);
  });

  test("with labels null is one class", async () => {
    const source = await filesSource("x", [labels(null), ...filesOf("00000/a.png", "00001/b.png")]);
    expect((await itemsOf(source)).map(({ className }) => className)).toEqual(["images", "images"]);
  });

  test.each([
    ["not JSON", "{"],
    ["another layout", '{"labels": [["a.png", "cat"]]}'],
    ["a negative class", '{"labels": [["a.png", -1]]}'],
  ])("that is %s is refused by name", async (_, text) => {
    const files = [file("dataset.json", text), ...filesOf("a.png")];
    await expect(filesSource("x", files)).rejects.toMatchObject({
      code: "BAD_DATASET",
      message: expect.stringContaining("dataset.json") as string,
    });
  });
});

async function zipOf(
  entries: readonly (readonly [string, Uint8Array])[],
  options = {},
): Promise<Uint8Array> {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false, ...options });
  for (const [name, bytes] of entries) await writer.add(name, new Uint8ArrayReader(bytes));
  return new Uint8Array(await (await writer.close()).arrayBuffer());
}
const zipSource = (bytes: Uint8Array) => zipFiles(byteSourceOf("test.zip", bytes));

describe("a zip", () => {
  test("gives the same images as its folder, in a folder of its own too", async () => {
    const files = testFiles();
    const source = await archivesSource("folder:t", [asFile("t.zip", await testZip(files, "t/"))]);
    const items = await itemsOf(source);
    expect(items.map(({ name }) => name)).toEqual(files.map(({ path }) => path));
    for (const [i, item] of items.entries()) expect(await item.read()).toEqual(files[i]?.bytes);
  });

  test("in a zip is a folder, two deep; a deeper one is left out by name", async () => {
    const png = new Uint8Array([1, 2, 3]);
    const red = await zipOf([["1.png", png]]);
    const train = await zipOf([
      ["red.zip", red],
      ["blue/1.png", png],
    ]);
    const { files } = await zipSource(await zipOf([["train.zip", train]]));
    expect(files.map(({ path }) => path)).toEqual(["train/red/1.png", "train/blue/1.png"]);
    for (const { read } of files) expect(await read()).toEqual(png);
    const deep = await zipOf([["outer.zip", await zipOf([["train.zip", train]])]]);
    const { files: shallow, leftOut } = await zipSource(deep);
    expect(shallow.map(({ path }) => path)).toEqual(["outer/train/blue/1.png"]);
    expect(leftOut).toEqual([
      { name: "outer/train/red.zip", reason: expect.stringMatching(/more than 2 deep/) as string },
    ]);
  });

  test("among several, with loose images, is a class of its own", async () => {
    const zip = await zipOf([["1.png", new Uint8Array(3)]]);
    const source = await archivesSource("x", [asFile("red.zip", zip), asFile("blue.zip", zip)]);
    expect(await listed(source)).toEqual([
      ["blue/1.png", "blue"],
      ["red/1.png", "red"],
    ]);
  });

  test("with a name that leads out of it takes the other entries and names that one", async () => {
    for (const name of ["../up.png", "a/../../up.png", "/etc/a.png", "C:/a.png"]) {
      const zip = await zipOf([
        ["aaaaaaaaaaaaaaaa".slice(0, name.length), new Uint8Array(3)],
        ["cat/1.png", new Uint8Array(3)],
      ]);
      const text = new TextDecoder("latin1").decode(zip);
      const evil = text.replaceAll("aaaaaaaaaaaaaaaa".slice(0, name.length), name);
      const found = await zipSource(Uint8Array.from(evil, (c) => c.charCodeAt(0)));
      expect(found.files.map(({ path }) => path)).toEqual(["cat/1.png"]);
      expect(found.leftOut).toEqual([
        { name, reason: expect.stringMatching(/^its name/) as string },
      ]);
      const [, left] = await itemsOf(await filesSource("x", found));
      expect(left?.name).toBe(name);
      await expect(left?.read()).rejects.toMatchObject({ code: "BAD_IMAGE" });
    }
  });

  test("has names in UTF-8 without a mark (macOS), in code page 437, and with backslashes", async () => {
    const utf8 = await zipOf([["katzen/\u00e4.png", new Uint8Array(3)]]);
    /** Takes the mark for UTF-8 from local and central header. */
    const unmarked = (zip: Uint8Array) => {
      const out = zip.slice();
      const view = new DataView(out.buffer);
      for (let at = 0; at + 10 <= out.length; at++) {
        const signature = view.getUint32(at, true);
        const flags = signature === 0x04034b50 ? at + 6 : signature === 0x02014b50 ? at + 8 : -1;
        if (flags >= 0) view.setUint16(flags, view.getUint16(flags, true) & ~0x800, true);
      }
      return out;
    };
    const pathOf = async (zip: Uint8Array) => (await zipSource(zip)).files[0]?.path;
    expect(await pathOf(unmarked(utf8))).toBe("katzen/\u00e4.png");
    const text = new TextDecoder("latin1").decode(
      unmarked(await zipOf([["a/bcdef.png", new Uint8Array(3)]])),
    );
    const bytesOf = (name: string) =>
      Uint8Array.from(text.replaceAll("a/bcdef.png", name), (c) => c.charCodeAt(0));
    expect(await pathOf(bytesOf("a/b\x84def.png"))).toBe("a/b\u00e4def.png");
    expect(await pathOf(bytesOf("a\\bcdef.png"))).toBe("a/bcdef.png");
  });

  test("packed by a method that is not read, or encrypted, says so for each entry", async () => {
    const zip = await zipOf([
      ["a/1.png", new Uint8Array(3)],
      ["a/2.png", new Uint8Array(3)],
    ]);
    const changed = (local: number, central: number, value: number) => {
      const out = zip.slice();
      const view = new DataView(out.buffer);
      let first = true;
      for (let at = 0; at + 10 <= out.length; at++) {
        const signature = view.getUint32(at, true);
        if (signature === 0x02014b50 && first) view.setUint16(at + central, value, true);
        if (signature === 0x02014b50) first = false;
        if (signature === 0x04034b50 && at === 0) view.setUint16(at + local, value, true);
      }
      return out;
    };
    const zstd = await zipSource(changed(8, 10, 93));
    expect(zstd.files.map(({ path }) => path)).toEqual(["a/2.png"]);
    expect(zstd.leftOut).toEqual([
      { name: "a/1.png", reason: "it is packed by Zstandard (method 93), which is not read" },
    ]);
    const encrypted = await zipSource(changed(6, 8, 0x801));
    expect(encrypted.leftOut).toEqual([{ name: "a/1.png", reason: "it is encrypted" }]);
  });

  test("with a damaged archive inside takes the rest", async () => {
    const zip = await zipOf([
      ["bad.zip", new Uint8Array(40)],
      ["a/1.png", new Uint8Array(3)],
    ]);
    const { files, leftOut } = await zipSource(zip);
    expect(files.map(({ path }) => path)).toEqual(["a/1.png"]);
    expect(leftOut[0]).toMatchObject({
      name: "bad.zip",
      reason: expect.stringMatching(/cannot be read as a zip/) as string,
    });
  });

  test("called train among one called val is a split, whatever lies in it", async () => {
    const zip = await zipOf([
      ["cat/1.png", new Uint8Array(3)],
      ["dog/1.png", new Uint8Array(3)],
    ]);
    const source = await archivesSource("x", [asFile("val.zip", zip), asFile("train.zip", zip)]);
    expect(source.split).toBe("train");
    expect(await listed(source)).toEqual([
      ["train/cat/1.png", "cat"],
      ["train/dog/1.png", "dog"],
    ]);
  });

  test("with a bomb is left unread: by its ratio, by its size, by lying about its size", async () => {
    const bomb = await zipOf([["bomb.png", new Uint8Array(3 * 2 ** 20)]]);
    const [image] = (await zipSource(bomb)).files;
    await expect(image?.read()).rejects.toThrow(/more than 200 times as many/);

    const honest = await zipOf([["a.png", new Uint8Array(5000)]]);
    const claim = (bytes: number) => {
      const out = honest.slice();
      const view = new DataView(out.buffer);
      for (let at = 0; at + 4 <= out.length; at++) {
        if (view.getUint32(at, true) === 5000) view.setUint32(at, bytes, true);
      }
      return out;
    };
    const [huge] = (await zipSource(claim(2 ** 31))).files;
    await expect(huge?.read()).rejects.toThrow(/claims 2147483648 bytes/);
    for (const bytes of [100, 6000]) {
      const [liar] = (await zipSource(claim(bytes))).files;
      await expect(liar?.read()).rejects.toMatchObject({ code: "BAD_ARCHIVE" });
    }
  });

  test("that is damaged is refused by name, wherever it is cut or changed", async () => {
    const whole = await testZip(testFiles().slice(0, 3));
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: whole.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, change, cut) => {
          const bytes = cut ? whole.slice(0, at) : whole.slice();
          if (!cut) bytes[at] = (bytes[at] ?? 0) ^ change;
          const read = async () => {
            for (const image of (await zipSource(bytes)).files) await image.read();
          };
          await read().catch((error: unknown) =>
            expect(error).toMatchObject({ code: "BAD_ARCHIVE" }),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

const parquetOf = (bytes: Uint8Array) => parquetSource("hub:t", [byteSourceOf("t.parquet", bytes)]);

describe("a parquet file", () => {
  test("gives rows in order, named classes in theirs, and goes on from any row", async () => {
    const files = testFiles();
    const source = await parquetOf(testParquet(files));
    expect(source).toMatchObject({ images: 13, classOrder: ["blue", "green", "red"] });
    const items = await itemsOf(source);
    expect(items.map(({ className }) => className)).toEqual(
      files.map(({ path }) => path.split("/")[0]),
    );
    for (const [i, item] of items.entries()) expect(await item.read()).toEqual(files[i]?.bytes);
    expect(await listed(source, 7)).toEqual((await listed(source)).slice(7));
  });

  test("of several parts is read part after part, and a used-up part not at all", async () => {
    const files = testFiles();
    const parts = [files.slice(0, 6), files.slice(6)].map((part, i) => {
      const { read, ...rest } = byteSourceOf(`${i}.parquet`, testParquet(part));
      const reads: number[] = [];
      return {
        reads,
        source: { ...rest, read: (a: number, b: number) => (reads.push(a), read(a, b)) },
      };
    });
    const source = await parquetSource(
      "hub:t",
      parts.map((part) => part.source),
    );
    expect((await itemsOf(source)).length).toBe(13);
    for (const { reads } of parts) reads.length = 0;
    expect((await itemsOf(source, 8)).length).toBe(5);
    expect(parts.map(({ reads }) => reads.length > 0)).toEqual([false, true]);
  });

  const png = testFiles()[0]?.bytes ?? new Uint8Array();
  const image = { name: "photo", data: [png, png], type: "BYTE_ARRAY" as const };
  const write = (...columnData: Parameters<typeof parquetWriteBuffer>[0]["columnData"]) =>
    new Uint8Array(parquetWriteBuffer({ columnData }));

  test("without the hub's metadata is read by its types: bytes and whole numbers", async () => {
    const source = await parquetOf(
      write(
        image,
        { name: "kind", data: [10, 2], type: "INT32" },
        { name: "note", data: ["a", "b"] },
      ),
    );
    expect(source.classOrder).toBe("byNumber");
    expect((await itemsOf(source)).map(({ className }) => className)).toEqual(["10", "2"]);
  });

  test("has classes in any kind of column: truths, text that is not marked as text, fractions", async () => {
    const classesOf = async (...columns: Parameters<typeof write>) => {
      const source = await parquetOf(write(...columns));
      const items = await itemsOf(source);
      return [items.map(({ className }) => className), source.classOrder, items] as const;
    };
    const [truths, order, items] = await classesOf(image, {
      name: "smiles",
      data: [true, false],
      type: "BOOLEAN",
    });
    expect([truths, order]).toEqual([["true", "false"], "byName"]);
    expect(await items[0]?.read()).toEqual(png);
    const bytes = ["cat ", "dog"].map((text) => new TextEncoder().encode(text));
    const [text] = await classesOf(image, { name: "label", data: bytes, type: "BYTE_ARRAY" });
    expect(text).toEqual(["cat", "dog"]);
    const [fractions, byNumber] = await classesOf(image, {
      name: "label",
      data: [10, 9],
      type: "DOUBLE",
    });
    expect([fractions, byNumber]).toEqual([["10", "9"], "byNumber"]);
    const long = [new TextEncoder().encode("x".repeat(501)), new TextEncoder().encode("dog")];
    const [, , novels] = await classesOf(image, { name: "label", data: long, type: "BYTE_ARRAY" });
    await expect(novels[0]?.read()).rejects.toThrow("its class has 501 characters, more than 500");
    const [, , halves] = await classesOf(image, { name: "label", data: [1.5, 1], type: "DOUBLE" });
    await expect(halves[0]?.read()).rejects.toThrow(/its class is 1.5, which is neither/);
  });

  test("of a split without labels is one class, which is said once; single rows without one are named", async () => {
    for (const statistics of [true, false]) {
      const unlabelled = await parquetOf(
        new Uint8Array(
          parquetWriteBuffer({
            columnData: [image, { name: "label", data: [-1, -1], type: "INT32" }],
            statistics,
          }),
        ),
      );
      expect(await listed(unlabelled)).toEqual([
        ["t.parquet row 0", "images"],
        ["t.parquet row 1", "images"],
      ]);
      expect(unlabelled.notes).toEqual([
        expect.stringMatching(/This split has no labels/) as string,
      ]);
    }
    const some = await parquetOf(write(image, { name: "label", data: [-1, 3], type: "INT32" }));
    const [first, second] = await itemsOf(some);
    await expect(first?.read()).rejects.toThrow('it has no label (column "label")');
    expect(second?.className).toBe("3");
  });

  test("with several candidates is refused with their names; without any, with what it has", async () => {
    const twice = write({ ...image, name: "left" }, { ...image, name: "right" });
    await expect(parquetOf(twice)).rejects.toThrow(/several columns .* images: left, right/);
    const text = write({ name: "text", data: ["a", "b"] });
    await expect(parquetOf(text)).rejects.toThrow(/no column of images; it has text/);
    const noImages = write({ name: "blob", data: [new Uint8Array(9)], type: "BYTE_ARRAY" });
    await expect(itemsOf(await parquetOf(noImages))).rejects.toThrow(/"blob" holds no images/);
  });

  test("that is damaged is refused by name, wherever it is cut or changed", async () => {
    const whole = testParquet(testFiles().slice(0, 4));
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: whole.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, change, cut) => {
          const bytes = cut ? whole.slice(0, at) : whole.slice();
          if (!cut) bytes[at] = (bytes[at] ?? 0) ^ change;
          const read = async () => {
            for (const item of await itemsOf(await parquetOf(bytes))) await item.read();
          };
          await read().catch((error: unknown) =>
            expect(error).toMatchObject({ code: expect.stringMatching(/^BAD_/) as string }),
          );
        },
      ),
      { numRuns: 120 },
    );
  });
});

test("archives are told apart by their bytes, not by their names", async () => {
  const source = await archivesSource("x", [asFile("data.zip", testParquet())]);
  expect(source.images).toBe(13);
  await expect(archivesSource("x", [asFile("a.zip", new Uint8Array(50))])).rejects.toThrow(
    /neither a zip nor a parquet/,
  );
  const runs = await resultsBytes([exampleRun()]);
  await expect(archivesSource("x", [asFile("runs.zip", runs)])).rejects.toThrow(
    "runs.zip is a file of results: it holds runs, not a data set",
  );
  const both = [asFile("a", await testZip()), asFile("b", testParquet())];
  await expect(archivesSource("x", both)).rejects.toMatchObject({ code: "BAD_DATASET" });
});
