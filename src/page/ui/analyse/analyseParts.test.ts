import fc from "fast-check";
import { expect, test } from "vitest";
import { Experiment } from "../../../common/config/experiment";
import type { SampleGrid } from "../../../common/protocol/trainer";
import { mapColumns, mapsOf, pictureAt, pictureCount } from "./mapsData";
import { arranged, paperTables } from "./paperTables";
import { metricLines, sampleRows, samplesFigure, samplesTable } from "./samplesData";
import { sharedSteps, thinned, tileAt } from "./strips";
import { runNames } from "./subjects";
import { samples, stored, subject } from "../../../../test/analysisResults";

const [A, B] = [subject("a"), subject("b")];

test("runs of one name are told apart by λ and then by their order", () => {
  const [aligned, vanilla] = [0.5, 0].map((projCoeff) =>
    Experiment.parse({ alignment: { projCoeff } }),
  );
  if (!aligned || !vanilla) throw new Error("two experiments");
  const names = runNames([
    { id: "1", name: "Tiny", experiment: aligned },
    { id: "2", name: "Tiny", experiment: vanilla },
    { id: "3", name: "Tiny", experiment: vanilla },
    { id: "4", name: "Other", experiment: vanilla },
  ]);
  expect([...names.values()]).toEqual([
    "Tiny, λ 0.5",
    "Tiny, vanilla, run 1",
    "Tiny, vanilla, run 2",
    "Other",
  ]);
});

test("the samples table sets subjects of one space and count side by side, other counts on lines of their own", () => {
  const results = [
    stored(A, samples(100)),
    stored(B, samples(120)),
    stored(B, samples(90, { sampleCount: 512, fullTrusted: true })),
  ];
  const rows = sampleRows(results, [A, B]);
  const kid = metricLines(rows).filter(({ metric }) => metric === "KID × 1000");
  expect(
    kid.map(({ n, bySubject }) => [n, [...bySubject.values()].map(({ value }) => value)]),
  ).toEqual([
    [256, [100, 120]],
    [512, [90]],
  ]);
  const full = rows.filter(({ metric }) => metric.startsWith("Fréchet, full"));
  expect(full.map(({ warning }) => warning !== null)).toEqual([true, true, false]);
  expect([...samplesTable(rows).rows()]).toHaveLength(rows.length);
});

test("two subjects of one label have a column each", () => {
  const twin = { ...subject("c"), label: A.label };
  const figure = samplesFigure({
    results: [stored(A, samples(100)), stored(twin, samples(120))],
    subjects: [A, twin],
  });
  expect(figure.subjects.map(({ label }) => label)).toEqual([A.label, A.label]);
  const kid = figure.lines.find(({ metric }) => metric === "KID × 1000");
  expect(figure.subjects.map(({ key }) => kid?.bySubject.get(key)?.value)).toEqual([100, 120]);
});

test("the inception score and the sFID are there where the space has them", () => {
  const named = (differs: Parameters<typeof samples>[1]) =>
    sampleRows([stored(A, samples(1, differs))], [A]).map(({ metric }) => metric);
  const inception = {
    space: "inception-v3",
    sfid: 30,
    inceptionScore: { mean: 4, std: 1 },
  } as const;
  expect(named({})).not.toContain("sFID");
  expect(named(inception)).toEqual(
    expect.arrayContaining(["FID (Inception), n = 256", "sFID", "Inception score"]),
  );
});

test("a strip shows at most so many steps, the first and the last among them", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 60 }), (items) => {
      const kept = thinned(items, 8);
      expect(kept.length).toBe(Math.min(8, items.length));
      expect([kept[0], kept.at(-1)]).toEqual([items[0], items.at(-1)]);
      expect(new Set(kept).size).toBe(kept.length);
    }),
  );
});

test("two strips show the steps both have, from their tiles' places", () => {
  const grid = (step: number): SampleGrid => ({
    step,
    png: new ArrayBuffer(0),
    count: 16,
    columns: 4,
    tile: 64,
    labels: [],
  });
  expect(sharedSteps([grid(1), grid(2), grid(3)], [grid(3), grid(1)])).toEqual([1, 3]);
  expect(sharedSteps([grid(1), grid(2)], null)).toEqual([1, 2]);
  expect(tileAt(grid(1), 6)).toEqual([128, 64]);
});

test("maps are columns of the image, encoders and blocks, the newest of the level shown", () => {
  const strip = { side: 1, rgb: Uint8Array.from([1, 2, 3, 4, 5, 6]) };
  const maps = {
    kind: "maps",
    time: 0.5,
    images: strip,
    layers: [0.1, 0.2].map((spatialScore) => ({ maps: strip, spatialScore })),
    encoders: [{ encoder: "tiny-vit", maps: strip, spatialScore: 0.3 }],
  } as const;
  const results = [
    stored(A, maps, { createdAtMs: 2 }),
    stored(A, { ...maps, layers: [] }, { createdAtMs: 1 }),
  ];
  const newest = mapsOf(results, A, 0.5);
  if (!newest) throw new Error("maps are there");
  expect(mapColumns(newest).map(({ name, aligned }) => [name, aligned])).toEqual([
    ["decoded", false],
    ["tiny-vit", false],
    ["block 1", false],
    ["block 2", true],
  ]);
  expect(pictureCount(strip)).toBe(2);
  expect([...pictureAt(strip, 1)]).toEqual([4, 5, 6]);
  expect(mapsOf(results, A, 0.1)).toBeUndefined();
});

test("every table of the paper is shown with as many cells as columns", () => {
  const tables = paperTables();
  expect(tables.map(({ table }) => table)).toEqual([2, 3, 4, 5, 7, 8, 9]);
  for (const { columns, rows } of tables) {
    for (const row of rows) expect(row).toHaveLength(columns.length);
  }
});

test("the paper's rows are filtered by words and sorted by what numbers mean, holes last", () => {
  const rows = [
    ["SiT-B", { value: 400_000, text: "400K" }, 33],
    ["SiT-XL", { value: 4_000_000, text: "4M" }, null],
    ["SiT-L", { value: 700_000, text: "700K" }, 8.4],
  ] as const;
  const by = (column: number, descending: boolean, words = "") =>
    arranged(rows, { column, descending }, words).map(([model]) => model);
  expect(by(1, false)).toEqual(["SiT-B", "SiT-L", "SiT-XL"]);
  expect(by(2, false)).toEqual(["SiT-L", "SiT-B", "SiT-XL"]);
  expect(by(2, true)).toEqual(["SiT-B", "SiT-L", "SiT-XL"]);
  expect(arranged(rows, null, " xl ")).toEqual([rows[1]]);
  expect(arranged(rows, null, "700k")).toEqual([rows[2]]);
});
