import { expect, test } from "vitest";
import { PAPER_MARK } from "../../../common/catalogue/paper";
import { csvText } from "../charts/exportChart";
import { accuracyByMetric } from "./accuracyByMetric";
import { alignmentByLayer } from "./alignmentByLayer";
import { heatOverSteps, heatOverTimes } from "./heatData";
import { ALIGNED_FIRST, cknnaOverEncoders, ONE_ENCODER, probeOverEncoders } from "./overEncoders";
import { cknnaOverSteps } from "./overSteps";
import { cknnaOverTimes, ONE_TIME, probeOverTimes } from "./overTimes";
import { paperAccuracyByFid } from "./paperAccuracy";
import { probeByLayer } from "./probeByLayer";
import {
  alignment,
  logged,
  loggedQuality,
  probe,
  run,
  samples,
  share,
  stored,
  subject,
} from "../../../../test/analysisResults";

const [A, B] = [subject("a"), subject("b", 20, null)];
const QUERY = { subjects: [A, B], time: 0.5, view: "accuracy", paper: false } as const;
const levelLabels = (levels: readonly { label: string }[]) => levels.map(({ label }) => label);

test("the probe figure has a line a subject in per cent, its intervals, the encoder and the majority", () => {
  const setting = probe(0.5, []);
  const own = { ...setting, kind: "encoderProbe", encoder: "tiny-vit" } as const;
  const scores = { accuracy: share(0.6), trainAccuracy: 0.9, knn: share(0.5) };
  const results = [
    stored(A, probe(0.5, [0.3, 0.5])),
    stored(B, probe(0.5, [0.25, 0.375])),
    stored(A, probe(0.1, [0.9, 0.9])),
    stored(null, { ...own, ...scores }),
    stored(null, { ...own, ...scores, encoder: "patch-histogram" }, { datasetHash: "other" }),
  ];
  const { drawing, note, legend, empty } = probeByLayer({ ...QUERY, results });
  expect(empty).toBeNull();
  expect(drawing.rows[1]).toEqual({
    x: 2,
    [A.key]: 50,
    [`${A.key} interval`]: [43.75, 56.25],
    [B.key]: 37.5,
    [`${B.key} interval`]: [31.25, 43.75],
  });
  expect(levelLabels(drawing.levels)).toEqual(["tiny-vit 60 %", "most frequent class 20 %"]);
  expect(drawing.marks).toEqual([{ x: 2, label: "aligned" }]);
  expect(legend.map(({ label }) => label)).toEqual([A.label, B.label]);
  for (const said of ["100 training and 40 held-out", "t = 0.5", "seed 3", "CPU", "90 epochs"]) {
    expect(note).toContain(said);
  }
});

test("the paper's accuracy is a level of its own only when asked for, and marked", () => {
  const results = [stored(A, probe(0.5, [0.3, 0.5]))];
  const labels = (paper: boolean) =>
    levelLabels(probeByLayer({ ...QUERY, results, paper }).drawing.levels).filter((label) =>
      label.includes(PAPER_MARK),
    );
  expect(labels(false)).toEqual([]);
  expect(labels(true)).toEqual([expect.stringContaining("68.1 %")]);
});

test("numbers of other settings are not drawn beside the newest, and the note counts them", () => {
  const results = [
    stored(A, probe(0.5, [0.3, 0.5]), { createdAtMs: 5 }),
    stored(B, probe(0.5, [0.2, 0.2], 50), { createdAtMs: 4 }),
    stored(B, probe(0.5, [0.1, 0.1]), { createdAtMs: 1, seed: 9 }),
    stored(B, probe(0.5, [0.1, 0.1]), { createdAtMs: 1, datasetHash: "other" }),
  ];
  const { legend, note } = probeByLayer({ ...QUERY, results });
  expect(legend.map(({ label }) => label)).toEqual([A.label]);
  expect(note).toContain("3 results of other settings not drawn");
});

test("agreement is drawn by subject for one encoder, or by encoder for one subject", () => {
  const pair = { kind: "encoderAlignment", imageCount: 64, k: 10 } as const;
  const results = [
    stored(A, alignment(0.5, [0.1, 0.4])),
    stored(B, alignment(0.5, [0.1, 0.2])),
    stored(A, alignment(0.5, [0.05, 0.3], "patch-histogram")),
    stored(null, { ...pair, encoder: "patch-histogram", other: "tiny-vit", cknna: 0.25 }),
    stored(null, { ...pair, k: 3, encoder: "dinov2-b", other: "tiny-vit", cknna: 0.9 }),
  ];
  const query = { results, subjects: [A, B], time: 0.5, measure: "cknna" } as const;
  const bySubject = alignmentByLayer({ ...query, lines: { by: "subject", encoder: "tiny-vit" } });
  expect(bySubject.drawing.rows[1]).toEqual({ x: 2, [A.key]: 0.4, [B.key]: 0.2 });
  expect(levelLabels(bySubject.drawing.levels)).toEqual(["histogram 0.25", "chance 0.03"]);
  const byEncoder = alignmentByLayer({ ...query, lines: { by: "encoder", subject: A.key } });
  expect(byEncoder.drawing.rows[1]).toEqual({ x: 2, "tiny-vit": 0.4, "patch-histogram": 0.3 });
  const cka = alignmentByLayer({
    ...query,
    measure: "cka",
    lines: { by: "subject", encoder: "tiny-vit" },
  });
  expect(cka.drawing.rows[1]).toEqual({ x: 2, [A.key]: 0.5, [B.key]: 0.30000000000000004 });
  expect(cka.drawing.levels).toEqual([]);
});

test("figures over t take the best block at each level and say so when there is one level only", () => {
  const results = [
    stored(A, probe(0.5, [0.3, 0.5])),
    stored(A, probe(0.1, [0.4, 0.2])),
    stored(A, alignment(0.5, [0.1, 0.4])),
  ];
  const overTimes = probeOverTimes({ results, subjects: [A] });
  expect(overTimes.drawing.rows).toEqual([
    { x: 0.1, [A.key]: 40 },
    { x: 0.5, [A.key]: 50 },
  ]);
  expect(cknnaOverTimes({ results, subjects: [A], encoder: "tiny-vit" }).empty).toBe(ONE_TIME);
  expect(cknnaOverEncoders({ results, subjects: [A], time: 0.5 }).empty).toBe(ONE_ENCODER);
});

test("over encoders each one that was compared with is a place", () => {
  const results = [
    stored(A, alignment(0.5, [0.1, 0.4])),
    stored(A, alignment(0.5, [0.05, 0.3], "patch-histogram")),
  ];
  const { drawing } = cknnaOverEncoders({ results, subjects: [A], time: 0.5 });
  expect(drawing.xWords).toEqual(["tiny-vit", "histogram"]);
  expect(drawing.rows.map((row) => row[A.key])).toEqual([0.4, 0.3]);
});

test("models stand at the encoders they are aligned with, and one encoder alone beside its own probe", () => {
  const setting = probe(0.5, []);
  const own = { ...setting, kind: "encoderProbe", encoder: "tiny-vit" } as const;
  const scores = { accuracy: share(0.625), trainAccuracy: 0.9, knn: share(0.5) };
  const both: typeof A = { ...subject("c"), encoders: ["tiny-vit", "dinov2-b"] };
  const results = [
    stored(A, probe(0.5, [0.25, 0.5])),
    stored(both, probe(0.5, [0.75, 0.5])),
    stored(B, probe(0.5, [0.25, 0.25])),
    stored(null, { ...own, ...scores }),
  ];
  const query = { results, subjects: [A, both, B], time: 0.5 };
  const { drawing, table } = probeOverEncoders(query);
  expect(drawing.xWords).toEqual(["tiny-vit", "tiny-vit + DINOv2-B"]);
  expect(drawing.rows).toEqual([
    { x: 1, own: 62.5, [A.key]: 50 },
    { x: 2, [both.key]: 75 },
  ]);
  expect([...table.rows()].map((row) => row[1])).toEqual([
    "tiny-vit",
    "tiny-vit + DINOv2-B",
    "tiny-vit",
  ]);
  expect(probeOverEncoders({ ...query, subjects: [B] }).empty).toBe(ALIGNED_FIRST);
});

test("over steps each run shows its best and its aligned block, from its own log", () => {
  const runs = [
    run("a", { measurements: [logged(5, [0.1, 0.2, 0.3]), logged(10, [0.2, 0.5, 0.4])] }),
    run("b", { measurements: [logged(5, [0.1, 0.1, 0.1], { k: 3 })], createdAtMs: -1 }),
  ];
  const { drawing, note, legend } = cknnaOverSteps(runs, "tiny-vit");
  expect(drawing.rows).toEqual([
    { x: 5, a: 0.3, "a aligned": 0.2 },
    { x: 10, a: 0.5, "a aligned": 0.5 },
  ]);
  expect(legend[0]?.label).toMatch(/^a \(SiT-Nano\/2, /);
  expect(note).toContain("1 measurements of other settings not drawn");
  expect(cknnaOverSteps([], "tiny-vit").empty).not.toBeNull();
});

test("probe against samples takes the metric from the analysis, else from the run's log at that step", () => {
  const results = [
    stored(A, probe(0.5, [0.3, 0.5])),
    stored(A, samples(100)),
    stored(B, probe(0.5, [0.2, 0.4])),
  ];
  const query = { results, subjects: [A, B], time: 0.5, space: "tiny-vit", metric: "kid" } as const;
  const runs = [run("b", { measurements: [loggedQuality(10, 1), loggedQuality(20, 140)] })];
  const { drawing, table } = accuracyByMetric({ ...query, runs });
  expect(drawing.rows).toEqual([
    { x: 100, [A.key]: 50 },
    { x: 140, [B.key]: 40 },
  ]);
  expect([...table.rows()].map((row) => row[6])).toEqual(["analysis", "log"]);
  const alone = accuracyByMetric({ ...query, results: results.slice(2), runs: [] });
  expect(alone.empty).toContain("Samples");
});

test("the paper's dots stand on their own axes and are marked everywhere", () => {
  const { drawing, note, legend, table } = paperAccuracyByFid();
  expect(drawing.rows).toContainEqual({ x: 12.5, "MAE-L, block 8": 57.3 });
  expect(drawing.lines.find(({ key }) => key === "MAE-L, block 8")?.dotLabel?.text).toBe("MAE-L");
  expect([note, legend[0]?.label]).toEqual([expect.stringContaining(PAPER_MARK), PAPER_MARK]);
  for (const row of table.rows()) expect(row.at(-1)).toContain(PAPER_MARK);
});

test("a heat map over t holds one subject's blocks by level, and needs two levels", () => {
  const results = [stored(A, alignment(0.5, [0.1, 0.4])), stored(A, alignment(0.1, [0.2, 0.3]))];
  const query = { subjects: [A], measure: "cknna", encoder: "tiny-vit" } as const;
  const { columns, values, empty } = heatOverTimes({ ...query, results });
  expect(columns).toEqual(["0.1", "0.5"]);
  expect(values).toEqual([
    [0.2, 0.1],
    [0.3, 0.4],
  ]);
  expect(empty).toBeNull();
  expect(heatOverTimes({ ...query, results: results.slice(1) }).empty).toBe(ONE_TIME);
});

test("a heat map over steps is the run's log for CKNNA and its analysed checkpoints for the probe", () => {
  const late = subject("a", 30);
  const results = [stored(A, probe(0.5, [0.3, 0.5])), stored(late, probe(0.5, [0.4, 0.6]))];
  const query = {
    results,
    subjects: [A, late],
    encoder: "tiny-vit",
    time: 0.5,
    name: "a",
  } as const;
  const own = run("a", { measurements: [logged(5, [0.1, 0.2]), logged(10, [0.2, 0.5])] });
  expect(heatOverSteps({ ...query, measure: "cknna", run: own }).columns).toEqual(["5", "10"]);
  const probed = heatOverSteps({ ...query, measure: "probe", run: own });
  expect(probed.columns).toEqual(["10", "30"]);
  expect(probed.values[1]).toEqual([50, 60]);
});

test("tables hold the numbers as they were measured, under named columns, as CSV that parses", () => {
  const third = 1 / 3;
  const { table } = probeByLayer({ ...QUERY, results: [stored(A, probe(0.5, [third, 0.5]))] });
  const [header, first] = csvText(table.header, table.rows())
    .trim()
    .split("\r\n")
    .map((line) => line.split(","));
  const cell = (name: string) => first?.[header?.indexOf(name) ?? -1];
  expect(Number(cell("accuracy_share"))).toBe(third);
  expect(Number(cell("knn_share"))).toBe(third / 2);
  expect([
    cell("subject"),
    cell("block"),
    cell("trainCount"),
    cell("seed"),
    cell("adapter"),
  ]).toEqual([A.label, "1", "100", "3", "CPU"]);
});
