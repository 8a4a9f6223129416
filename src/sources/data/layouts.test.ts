import { describe, expect, test } from "vitest";
import { filesSource } from "./filesSource";
import type { ImageSource, SourceImage } from "./imageSource";
import type { SourceFile } from "./sourceFile";

const file = (path: string, text = "x"): SourceFile => {
  const bytes = new TextEncoder().encode(text);
  return { path, bytes: bytes.length, read: () => Promise.resolve(bytes) };
};
const images = (...paths: string[]) => paths.map((path) => file(path));

async function itemsOf(source: ImageSource): Promise<SourceImage[]> {
  const items: SourceImage[] = [];
  for await (const item of source.from(0)) items.push(item);
  return items;
}

/** Path and class of what is taken, "?" for what is left out, and what is told. */
async function taken(files: readonly SourceFile[], split?: string) {
  const source = await filesSource("folder:x", files, { split });
  const items = await itemsOf(source);
  const rows = await Promise.all(
    items.map(async ({ name, className, read }) => [
      name,
      await read().then(
        () => className,
        (error: unknown) => `? ${error instanceof Error ? error.message : ""}`,
      ),
    ]),
  );
  return { source, rows, notes: source.notes.join("\n") };
}

describe("folders of splits", () => {
  const split = images(
    "data/train/cat/1.png",
    "data/train/dog/2.png",
    "data/val/cat/3.png",
    "data/val/dog/4.png",
  );

  test("above the classes: the one to train on is taken, and another or all by name", async () => {
    const { source, rows, notes } = await taken(split);
    expect(rows).toEqual([
      ["train/cat/1.png", "cat"],
      ["train/dog/2.png", "dog"],
    ]);
    expect(source).toMatchObject({
      split: "train",
      splits: [
        { name: "train", images: 2 },
        { name: "val", images: 2 },
      ],
    });
    expect(notes).toMatch(/splits: train \(2 images\), val \(2 images\). "train" is taken/);
    const val = await taken(split, "val");
    expect(val.rows.map(([path]) => path)).toEqual(["val/cat/3.png", "val/dog/4.png"]);
    const all = await taken(split, "all");
    expect(all.rows.map(([, name]) => name)).toEqual(["cat", "dog", "cat", "dog"]);
    const prints = [source, val.source, all.source].map(({ fingerprint }) => fingerprint);
    expect(new Set(prints).size, "a cut import goes on over the same split only").toBe(3);
  });

  test.each([
    ["Training", "Testing"],
    ["train2017", "val2017"],
    ["training_set", "test_set"],
    ["seg_train", "seg_test"],
    ["TRAIN", "TEST"],
  ])("are known as %s and %s", async (train, other) => {
    const { source, rows } = await taken(
      images(`${other}/a/1.png`, `${train}/a/1.png`, `${train}/b/1.png`),
    );
    expect(source.split).toBe(train);
    expect(rows.map(([, name]) => name)).toEqual(["a", "b"]);
  });

  test("below the classes, and with a folder between them and the classes", async () => {
    const below = await taken(images("cat/train/1.png", "cat/val/2.png", "dog/train/3.png"));
    expect(below.rows).toEqual([
      ["cat/train/1.png", "cat"],
      ["dog/train/3.png", "dog"],
    ]);
    const between = await taken(
      images("train/images/cat/1.png", "train/images/dog/1.png", "val/images/cat/1.png"),
    );
    expect(between.rows.map(([, name]) => name)).toEqual(["cat", "dog"]);
  });

  test("beside folders that are not splits are classes", async () => {
    const { source, rows } = await taken(images("train/1.png", "bus/2.png"));
    expect(source.split).toBeNull();
    expect(rows.map(([, name]) => name)).toEqual(["bus", "train"]);
  });

  test("one alone around everything is named", async () => {
    const { source, rows } = await taken(images("x/train/a/1.png", "x/train/b/1.png"));
    expect(source.split).toBe("train");
    expect(rows.map(([path]) => path)).toEqual(["a/1.png", "b/1.png"]);
  });
});

const loose = images("images/1.png", "images/2.png", "images/3.png", "images/4.png");
const catsAndDogs = [
  ["images/1.png", "cat"],
  ["images/2.png", "dog"],
  ["images/3.png", "cat"],
  ["images/4.png", "dog"],
];

describe("a list beside images", () => {
  test.each([
    ["labels.csv", "file,label\n1.png,cat\n2.png,dog\n3.png,cat\n4.png,dog\n"],
    ["labels.csv", "1.png,cat\n2.png,dog\n3.png,cat\n4.png,dog"],
    [
      "train.csv",
      '\ufeffImage;Species\r\n"1.png";"cat"\r\n"2.png";"dog"\r\n3.png;cat\r\n4.png;dog',
    ],
    ["trainLabels.csv", "id,label\n1,cat\n2,dog\n3,cat\n4,dog\n"],
    [
      "x.csv",
      "class id,filepaths,labels,scientific name\n0,images/1.png,cat,FELIS\n1,images/2.png,dog,CANIS\n0,images/3.png,cat,FELIS\n1,images/4.png,dog,CANIS",
    ],
    ["one.csv", "image,cat,dog\n1,1.0,0.0\n2,0,1\n3,1,0\n4,0,1"],
    [
      "list.tsv",
      "path\tcategory\n/mnt/set/images/1.png\tcat\nC:\\set\\images\\2.png\tdog\n./images/3.png\tcat\nimages/4.PNG\tdog",
    ],
    ["val.txt", "1.png cat\n2.png dog\n3.png cat\n4.png dog\n"],
    [
      "metadata.jsonl",
      '{"file_name": "images/1.png", "label": "cat"}\n{"file_name": "images/2.png", "label": "dog"}\n{"file_name": "images/3.png", "label": "cat", "box": [1]}\n{"file_name": "images/4.png", "label": "dog"}\n',
    ],
    [
      "metadata.csv",
      'file_name,label,text\nimages/1.png,cat,"a, b"\nimages/2.png,dog,c\nimages/3.png,cat,d\nimages/4.png,dog,e',
    ],
    ["labels.json", '{"1.png": "cat", "2.png": "dog", "3.png": "cat", "4.png": "dog"}'],
    ["classes.json", '{"cat": ["images/1", "images/3"], "dog": ["images/2", "images/4"]}'],
    [
      "list.json",
      '[{"image": "1.png", "class": "cat"}, {"image": "2.png", "class": "dog"}, {"image": "3.png", "class": "cat"}, {"image": "4.png", "class": "dog"}]',
    ],
    [
      "coco.json",
      '{"images": [{"id": 1, "file_name": "1.png"}, {"id": 2, "file_name": "2.png"}, {"id": 3, "file_name": "3.png"}, {"id": 4, "file_name": "4.png"}], "annotations": [{"image_id": 1, "category_id": 7}, {"image_id": 2, "category_id": 9}, {"image_id": 3, "category_id": 7}, {"image_id": 4, "category_id": 9}], "categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "dog"}]}',
    ],
    ["LOC.csv", "ImageId,PredictionString\n1,cat\n2,dog\n3,cat\n4,dog"],
  ])("%s names the classes: %j", async (name, text) => {
    const { rows, notes } = await taken([...loose, file(name, text)]);
    expect(rows).toEqual(catsAndDogs);
    expect(notes).toContain(`The classes are those of ${name}.`);
  });

  test("that is the hub's metadata decides over folders; any other does not, and that is said", async () => {
    const folders = images("a/1.png", "b/2.png");
    const labels = "file_name,label\na/1.png,cat\nb/2.png,dog";
    const hub = await taken([...folders, file("metadata.csv", labels)]);
    expect(hub.rows.map(([, name]) => name)).toEqual(["cat", "dog"]);
    const other = await taken([...folders, file("noisy.csv", labels)]);
    expect(other.rows.map(([, name]) => name)).toEqual(["a", "b"]);
    expect(other.notes).toMatch(/Folders are the classes; noisy.csv names others/);
  });

  test("of captions names no class, and that is said", async () => {
    const text =
      "file_name,text\nimages/1.png,one\nimages/2.png,two\nimages/3.png,3\nimages/4.png,4";
    const { rows, notes } = await taken([...loose, file("metadata.csv", text)]);
    expect(rows.map(([, name]) => name)).toEqual(["images", "images", "images", "images"]);
    expect(notes).toContain("metadata.csv names no class (its columns: file_name, text).");
  });

  test("leaves out images it does not name, and tells of names that are not there", async () => {
    const { rows, notes } = await taken([
      ...loose,
      file("labels.csv", "id,label\n1,cat\n2,dog\n3,\n9,cat"),
    ]);
    expect(rows.slice(2)).toEqual([
      ["images/3.png", "? labels.csv gives it no class"],
      ["images/4.png", "? labels.csv gives it no class"],
    ]);
    expect(notes).toContain("labels.csv names 1 images that are not there, for example 9.");
  });

  test("in each split is read for its own images", async () => {
    const { source, rows } = await taken([
      ...images("train/1.png", "train/2.png", "test/1.png"),
      file(
        "train/metadata.jsonl",
        '{"file_name":"1.png","label":3}\n{"file_name":"2.png","label":11}',
      ),
      file("test/metadata.jsonl", '{"file_name":"1.png","label":7}'),
    ]);
    expect(rows).toEqual([
      ["train/1.png", "3"],
      ["train/2.png", "11"],
    ]);
    expect(source.classOrder).toBe("byNumber");
  });

  test("may say the splits, by a column or by its own name", async () => {
    const column =
      "path,label,set\n1.png,cat,train\n2.png,dog,test\n3.png,cat,train\n4.png,dog,train";
    const byColumn = await taken([...loose, file("all.csv", column)]);
    expect(byColumn.rows.map(([path]) => path)).toEqual([
      "images/1.png",
      "images/3.png",
      "images/4.png",
    ]);
    expect(byColumn.source.split).toBe("train");
    const byName = await taken([
      ...images("images/cat/1.png", "images/cat/2.png", "images/dog/3.png", "images/dog/4.png"),
      file("meta/train.json", '{"cat": ["cat/1"], "dog": ["dog/3"]}'),
      file("meta/test.json", '{"cat": ["cat/2"], "dog": ["dog/4"]}'),
    ]);
    expect(byName.rows).toEqual([
      ["cat/1.png", "cat"],
      ["dog/3.png", "dog"],
    ]);
  });

  test("that is broken, or an example of an answer, changes nothing", async () => {
    const { rows, notes } = await taken([
      ...loose,
      file("labels.json", "{"),
      file("sampleSubmission.csv", "id,label\n1,cat\n2,cat\n3,cat\n4,cat"),
    ]);
    expect(rows.map(([, name]) => name)).toEqual(["images", "images", "images", "images"]);
    expect(notes).toContain("labels.json is not read");
  });
});

test("names such as cat.0.jpg are classes where they are all like that", async () => {
  const { source, rows } = await taken(
    images(
      "train/cat.0.jpg",
      "train/cat.1.jpg",
      "train/dog.0.jpg",
      "train/dog.1.jpg",
      "test1/1.jpg",
    ),
  );
  expect(rows.map(([, name]) => name)).toEqual(["cat", "cat", "dog", "dog"]);
  expect(source.split).toBe("train");
  const plain = await taken(images("img.1.jpg", "img.2.jpg"));
  expect(plain.rows.map(([, name]) => name)).toEqual(["images", "images"]);
});

test("class names that look alike are one class, or are named", async () => {
  const { rows, notes } = await taken(
    images(
      "cat/1.png",
      "cat /2.png",
      "cafe\u0301/3.png",
      "caf\u00e9/4.png",
      "Dog/5.png",
      "dog/6.png",
    ),
  );
  expect(new Set(rows.map(([, name]) => name))).toEqual(
    new Set(["cat", "caf\u00e9", "Dog", "dog"]),
  );
  expect(notes).toMatch(/"cat " and "cat" are taken as one class, "cat"/);
  expect(notes).toContain(String.raw`"cafe\u0301" and "café" are taken as one class`);
  expect(notes).toMatch(/"Dog" and "dog" look alike and are kept apart/);
});

test("every file is counted: other kinds in a note, and by kind where there is no image at all", async () => {
  const { notes } = await taken([
    ...images("a/1.png", "b/1.png"),
    file("a/x.mat"),
    file("y.mat"),
    file("z"),
  ]);
  expect(notes).toContain("3 files of other kinds are passed over: 2 .mat, 1 without extension.");
  const none = filesSource("folder:x", [file("a.bin"), file("b.bin"), file("c.npy")]);
  await expect(none).rejects.toThrow("folder:x holds no image (of 3 files: 2 .bin, 1 .npy).");
});
