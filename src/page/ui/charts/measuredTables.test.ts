import { expect, test } from "vitest";
import type {
  GradientConflict,
  LayerAlignment,
  SampleQuality,
} from "../../../common/protocol/trainer";
import { appendSteps, emptyStepLog } from "../../store/stepLog";
import type { ChartTable } from "./chartTable";
import { csvText, fileName } from "./exportChart";
import { conflictTable, layerTable, sampleTable, stepTable } from "./measuredTables";

const linesOf = ({ header, rows }: ChartTable) => csvText(header, rows()).trimEnd().split("\r\n");

/** The table with these columns alone: those of later metrics may stand between them. */
const withColumns = ({ header, rows }: ChartTable, columns: readonly string[]): ChartTable => {
  const kept = header.flatMap((name, index) => (columns.includes(name) ? index : []));
  return {
    header: kept.flatMap((index) => header[index] ?? []),
    rows: () => [...rows()].map((row) => kept.map((index) => row[index])),
  };
};
const keepingColumns = (table: ChartTable, columns: string) =>
  linesOf(withColumns(table, columns.split(",")));

test("a logged metric is exported by step", () => {
  const points = [1, 2].map((step) => {
    return { step, velocityLoss: step / 2, projLoss: -0.5, gradNorm: 3, stepMs: 10 };
  });
  const log = appendSteps(emptyStepLog(), points);
  expect(linesOf(stepTable(log, "velocityLoss"))).toEqual(["step,velocityLoss", "1,0.5", "2,1"]);
});

test("sample metrics keep the columns of earlier versions", () => {
  const measured: SampleQuality = {
    kind: "sampleQuality",
    step: 100,
    space: "tiny-vit, token mean",
    sampleCount: 256,
    pairCount: 128,
    referenceCount: 3000,
    kid: 30.5,
    kidLow: 25,
    kidHigh: 35,
    kidFloor: 0.2,
    frechetTop: 8,
    components: 32,
    frechetFloor: 0.4,
  };
  const columns =
    "step,space,sampleCount,pairCount,referenceCount,kid_x1000,kidLow,kidHigh,kidFloor,frechetTop,components,frechetFloor";
  expect(keepingColumns(sampleTable([measured]), columns)).toEqual([
    columns,
    '100,"tiny-vit, token mean",256,128,3000,30.5,25,35,0.2,8,32,0.4',
  ]);
});

test("agreement keeps the columns of earlier versions, a row a block", () => {
  const measured: LayerAlignment = {
    kind: "layerAlignment",
    step: 100,
    encoder: "tiny-vit",
    imageCount: 64,
    k: 10,
    time: 0.5,
    cknna: [0.1, 0.2],
    cka: [0.3, 0.4],
    mutualKnn: [0.5, 0.6],
    chance: 0.01,
  };
  const columns = "step,encoder,block,cknna,cka,mutualKnn,chance,n,k,t";
  expect(keepingColumns(layerTable([measured]), columns)).toEqual([
    columns,
    "100,tiny-vit,1,0.1,0.3,0.5,0.01,64,10,0.5",
    "100,tiny-vit,2,0.2,0.4,0.6,0.01,64,10,0.5",
  ]);
});

test("gradient conflict keeps the columns of earlier versions, a row a group; what is not defined is empty", () => {
  const measured: GradientConflict = {
    kind: "gradientConflict",
    step: 20,
    encoders: ["tiny-vit", "patch-histogram"],
    encoderDepth: 1,
    projCoeff: 0.5,
    objective: "cosine",
    imageCount: 8,
    batchSize: 16,
    blocks: [
      { cosine: -0.25, velocityNorm: 1, alignmentNorm: 2 },
      { cosine: null, velocityNorm: 3, alignmentNorm: null },
    ],
    embedders: { cosine: 0.5, velocityNorm: 4, alignmentNorm: 5 },
  };
  const columns =
    "step,group,cosine,velocityNorm,alignmentNorm,encoderDepth,lambda,objective,encoders,imageCount,batchSize";
  expect(keepingColumns(conflictTable([measured]), columns)).toEqual([
    columns,
    "20,embedders,0.5,4,5,1,0.5,cosine,tiny-vit + patch-histogram,8,16",
    "20,block 1,-0.25,1,2,1,0.5,cosine,tiny-vit + patch-histogram,8,16",
    "20,block 2,,3,,1,0.5,cosine,tiny-vit + patch-histogram,8,16",
  ]);
});

test("a name that a spreadsheet would compute is text, and a negative number stays a number", () => {
  const rows = [["=1+1"], ["@x"], ["-a"], [-5], ["a\rb"], ["plain"]] as const;
  expect(csvText(["name"], rows).split("\r\n").slice(1, -1)).toEqual([
    ...["'=1+1", "'@x", "'-a", "-5"],
    ...['"a\rb"', "plain"],
  ]);
});

test("every title gives a file name", () => {
  expect(fileName("KID × 1000", "csv")).toBe("kid-1000.csv");
  expect(fileName("猫", "png")).toBe("figure.png");
  expect(fileName("a".repeat(500), "svg").length).toBeLessThan(100);
});
