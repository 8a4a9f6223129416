import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { encode } from "fast-png";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "@playwright/test";
import { BROKEN_PATH, GOOD_IMAGES, testFiles, testParquet, testZip } from "./hub/testData";
import { writeTestFolder } from "./hub/testFolder";

test.setTimeout(180_000);

interface Line {
  readonly input: string;
  readonly [field: string]: unknown;
}

/** Runs the command as a person does. @returns its exit code and a line for each input */
async function inspect(inputs: readonly string[]): Promise<{ code: number; lines: Line[] }> {
  return new Promise((resolve, reject) => {
    const args = ["scripts/run.mjs", "scripts/inspect.ts", ...inputs];
    execFile(process.execPath, args, { maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : 0;
      const lines = stdout.trim().split("\n");
      try {
        resolve({ code, lines: lines.map((line) => JSON.parse(line) as Line) });
      } catch {
        reject(new Error(`${stdout}\n${stderr}`));
      }
    });
  });
}

const png = (level: number) =>
  encode({ width: 9, height: 11, data: new Uint8Array(9 * 11 * 3).fill(level), channels: 3 });
const files = (...paths: string[]) => paths.map((path, i) => ({ path, bytes: png(20 * i) }));

test("the command says of real files what an import would make of them", async () => {
  const at = (name: string) => test.info().outputPath(name);
  mkdirSync(at("."), { recursive: true });
  const write = (name: string, bytes: Uint8Array | string) => {
    writeFileSync(at(name), bytes);
    return at(name);
  };
  writeTestFolder(at("shapes"));
  writeTestFolder(at("list"), [
    ...files("images/1.png", "images/2.png", "images/3.png"),
    { path: "labels.csv", bytes: new TextEncoder().encode("id,breed\n1,cat\n2,dog\n3,cat\n") },
  ]);
  const split = files("data/train/cat/1.png", "data/train/dog/2.png", "data/val/cat/3.png");
  const image = { name: "image", data: [png(1), png(2)], type: "BYTE_ARRAY" as const };
  const unlabelled = parquetWriteBuffer({
    columnData: [image, { name: "label", data: [-1, -1], type: "INT32" }],
  });
  const inputs = [
    at("shapes"),
    at("list"),
    write("shapes.zip", await testZip()),
    write("split.zip", await testZip(split)),
    write("shapes.parquet", testParquet()),
    write("unlabelled.parquet", new Uint8Array(unlabelled)),
    write("one.png", png(3)),
    write("drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
    write("no.zip", "PK\x03\x04 and nothing more"),
    "train.py --model=SiT-L/2",
  ];
  const { code, lines } = await inspect(inputs);
  expect(code, "not all are ok").toBe(1);
  expect(lines.map(({ input }) => input)).toEqual(inputs);
  const counts = [
    { name: "blue", count: 4 },
    { name: "green", count: 4 },
    { name: "red", count: 4 },
  ];
  const shapes = { ok: true, images: GOOD_IMAGES, classes: counts, resolution: 40 };
  const [folder, list, zip, splits, parquet, none, one, drawing, broken, command] = lines;
  const green = testFiles().findIndex(({ path }) => path === BROKEN_PATH);
  expect(folder).toMatchObject({ kind: "folder", ...shapes, skipped: [{ name: BROKEN_PATH }] });
  expect(zip).toMatchObject({ kind: "zip", ...shapes, skipped: [{ name: BROKEN_PATH }] });
  expect(parquet).toMatchObject({ kind: "parquet", ...shapes });
  expect(parquet?.skipped).toEqual([
    { name: `shapes.parquet row ${green}`, reason: "its PNG data is cut off after 60 bytes" },
  ]);
  expect(list).toMatchObject({
    classes: [
      { name: "cat", count: 2 },
      { name: "dog", count: 1 },
    ],
  });
  expect(splits).toMatchObject({ images: 2, split: "train", resolution: 8 });
  expect(none).toMatchObject({ ok: true, classes: [{ name: "images", count: 2 }] });
  expect(String(none?.notes)).toContain("This split has no labels");
  expect(one).toMatchObject({ kind: "image", ok: true, images: 1 });
  expect(drawing).toMatchObject({ ok: false, code: "BAD_DATASET", images: 0 });
  expect(drawing?.skipped).toEqual([
    { name: "drawing.svg", reason: "it is an SVG drawing, which is not read" },
  ]);
  expect(broken).toMatchObject({ kind: "zip", ok: false, code: "BAD_ARCHIVE" });
  expect(command).toMatchObject({ ok: true, experiment: { model: { size: "L" } } });
});
