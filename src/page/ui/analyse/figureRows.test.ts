import { expect, test } from "vitest";
import type { SampleGrid } from "../../../common/protocol/trainer";
import {
  alignment,
  logged,
  probe,
  run,
  samples,
  share,
  stored,
  subject,
} from "../../../../test/analysisResults";
import type { Chosen, FigureInput } from "./figureInput";
import type { FigureRow } from "./figureRow";
import { FIGURES } from "./figureRows";

const [A, LATER] = [subject("a"), subject("a", 20)];
const EMPTY: FigureInput = {
  results: [],
  runs: [],
  subjects: [],
  time: null,
  encoder: null,
  subject: undefined,
  paper: true,
  grids: {},
};
const grid = (step: number): SampleGrid => ({
  step,
  png: new ArrayBuffer(0),
  count: 16,
  columns: 4,
  tile: 64,
  labels: [],
});
const strip = { side: 1, rgb: new Uint8Array(3) };
const ENCODERS = ["tiny-vit", "dinov2-b"] as const;

/** Two checkpoints of one run with everything measured of them, at two noise levels. */
const FULL: FigureInput = {
  ...EMPTY,
  results: [A, LATER].flatMap((about) => [
    ...[0.25, 0.5].flatMap((time) => [
      stored(about, probe(time, [0.25, 0.5])),
      ...ENCODERS.map((encoder) => stored(about, alignment(time, [0.25, 0.5], encoder))),
    ]),
    stored(about, samples(100)),
    stored(about, {
      kind: "maps",
      time: 0.5,
      images: strip,
      layers: [{ maps: strip, spatialScore: 0.25 }],
      encoders: [],
    }),
    stored(null, {
      ...probe(0.5, []),
      kind: "encoderProbe",
      encoder: "tiny-vit",
      accuracy: share(0.5),
      trainAccuracy: 0.5,
      knn: share(0.5),
    }),
  ]),
  runs: [
    run("a", { measurements: [logged(5, [0.25, 0.5]), logged(10, [0.25, 0.5])], gridSteps: [5] }),
  ],
  subjects: [A, LATER],
  time: 0.5,
  encoder: "tiny-vit",
  subject: A,
  grids: { a: [grid(5)] },
};

/** Every combination of a figure's readings. */
const choicesOf = (row: FigureRow, input: FigureInput): readonly Chosen[] =>
  (row.readings?.(input) ?? []).reduce<readonly Chosen[]>(
    (all, { label, options }) =>
      options.length === 0
        ? all
        : all.flatMap((chosen) => options.map(({ id }) => ({ ...chosen, [label]: id }))),
    [{}],
  );
const named = FIGURES.map((row) => [row.title({}), row] as const);

test("titles are unique whatever is chosen, and what one reading of a figure is called is no other's name", () => {
  const titles = FIGURES.flatMap((row) => [
    ...new Set(choicesOf(row, FULL).map((chosen) => row.title(chosen))),
  ]);
  expect(new Set(titles).size).toBe(titles.length);
});

test.each(named)(
  "%s: every reading draws, says how it was made, and has a table that fits",
  (_, row) => {
    for (const chosen of choicesOf(row, FULL)) {
      const { empty, note, table } = row.build(FULL, chosen);
      expect(empty).toBeNull();
      expect(note).not.toBe("");
      const rows = [...table.rows()];
      expect(rows.length).toBeGreaterThan(0);
      for (const cells of rows) expect(cells.length).toBeLessThanOrEqual(table.header.length);
      expect(new Set(table.header).size).toBe(table.header.length);
    }
  },
);

test.each(named)("%s: without results it says what to do", (_, row) => {
  const { empty, table } = row.build(EMPTY, {});
  const isPapers = row.title({}).includes("paper");
  expect(empty === null).toBe(isPapers);
  if (!isPapers) expect([...table.rows()]).toEqual([]);
});

test("a reading takes only its own options and begins with one of them", () => {
  for (const row of FIGURES) {
    for (const reading of row.readings?.(FULL) ?? []) {
      const ids = reading.options.map(({ id }) => id);
      const values = [reading.value({}), reading.value({ [reading.label]: "nothing" })];
      for (const value of values) {
        if (value !== null) expect(ids).toContain(value);
      }
      for (const id of ids) expect(reading.value({ [reading.label]: id })).toBe(id);
    }
  }
});

test("the paper's own figure is shown only when its values are", () => {
  const count = (paper: boolean) =>
    FIGURES.filter(({ shownWhen }) => shownWhen?.({ ...FULL, paper }) !== false).length;
  expect(count(true) - count(false)).toBe(1);
});

test("strips ask for the grids of their two runs", () => {
  const [row] = FIGURES.filter(({ gridsOf }) => gridsOf);
  const runs = ["a", "b", "c"].map((id) => run(id, { gridSteps: [5] }));
  const input = { ...FULL, runs };
  expect(row?.gridsOf?.(input, {})).toEqual(["a", "b"]);
  expect(row?.gridsOf?.(input, { "Second run": "c" })).toEqual(["a", "c"]);
});
