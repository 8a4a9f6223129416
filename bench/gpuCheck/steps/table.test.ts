import { expect, test } from "vitest";
import { summarize } from "../../../src/engine/bench/statistics";
import type { StepsFigures, VariantFigures, WorkloadFigures } from "./figures";
import { agreementLines, columns, digits, stepLines } from "./table";

const variant = (fields: Partial<VariantFigures>): VariantFigures => ({
  id: "fused",
  label: "studio, fused, encoded anew",
  library: "studio",
  precision: "float32",
  start: {
    compileMs: 1_500,
    firstStepMs: 500,
    memoryBytes: 3 * 2 ** 30,
    losses: [[2, -0.5, 1]],
    tuning: "shared 4x4",
    gpu: { dispatches: 251, submits: 19, buffersCreated: 0, bufferWrites: 3, bindGroups: 251 },
  },
  burstSteps: 4,
  stepMs: summarize([10, 11, 12]),
  aloneMs: summarize([13]),
  hostMs: summarize([0.25]),
  gflops: 5_000,
  share: 0.5,
  kernels: null,
  ...fields,
});

const replayed = variant({
  id: "replayed",
  label: "studio, replayed",
  stepMs: summarize([5.5]),
});
const failed = variant({
  id: "plain",
  label: "tfjs webgpu, plain",
  library: "tfjs",
  problem: "failed: GPU_ERROR: out of memory",
  start: null,
  stepMs: null,
  aloneMs: null,
  hostMs: null,
  gflops: null,
  share: null,
});
const torch = variant({
  id: "torch-eager-float32",
  label: "PyTorch, eager, float32",
  library: "torch",
  start: {
    compileMs: null,
    firstStepMs: 100,
    memoryBytes: null,
    losses: [[2.0002, -0.5, 1]],
    tuning: null,
    gpu: null,
  },
});

const workload = (variants: readonly VariantFigures[], sameNumbers = true): WorkloadFigures => ({
  id: "s2",
  description: "SiT-S/2",
  batch: 32,
  parameters: 38e6,
  flops: 2e12,
  rounds: 5,
  sameNumbers,
  variants,
});

test("a variant's row has its times, counts, rate and share; one that failed says why", () => {
  const figures: StepsFigures = {
    adapter: "a card",
    software: false,
    torch: "torch 2.9 without CUDA",
    peaks: [{ backend: "studio", precision: "float32", side: 4096, gflops: 10_000 }],
    workloads: [workload([failed, variant({}), replayed])],
    notes: [],
  };
  const lines = stepLines(figures);
  const row = lines.find((line) => line.includes("encoded anew ")) ?? "";
  for (const cell of [
    "11.0 (10.5-11.5)",
    "13.0",
    "0.250",
    "251",
    "2.00",
    "5,000",
    "50 %",
    "3.00",
  ]) {
    expect(row).toContain(cell);
  }
  expect(lines).toContain("  tfjs webgpu, plain: failed: GPU_ERROR: out of memory");
  expect(lines).toContain("PyTorch: torch 2.9 without CUDA");
  expect(lines).toContain("best products: studio float32 10,000 GFLOP/s (side 4096)");
  expect(lines).toContain('  step time over "studio, replayed": studio, fused, encoded anew 2.00x');
});

test("losses are held against the fused variant's where they come from the same numbers", () => {
  const all = [variant({}), replayed, torch, failed];
  const [same] = agreementLines(workload(all));
  expect(same).toContain("studio, replayed 0.0e+0; PyTorch, eager, float32 1.0e-4");
  const [own] = agreementLines(workload(all, false));
  expect(own).toContain("numbers of its own");
  expect(own).not.toContain("PyTorch, eager");
  expect(agreementLines(workload([torch]))).toEqual([]);
});

test("kernels come with their share, those past the eighth in one line", () => {
  const kernels = Array.from({ length: 10 }, (_, i) => ({ name: `k${i}`, ms: 10 - i, calls: 2 }));
  const lines = stepLines({
    adapter: "a card",
    workloads: [workload([variant({ kernels })])],
  });
  expect(lines.find((line) => line.includes("k0"))).toMatch(/10\.0 ms +18 % +2 dispatches/);
  expect(lines.find((line) => line.includes("2 others"))).toMatch(/3\.00 ms +5 % +4 dispatches/);
  expect(lines.some((line) => line.includes("k8"))).toBe(false);
});

test("a file that ended early has what it has", () => {
  expect(stepLines({})).toEqual([]);
  expect(stepLines({ adapter: "a card" }).join()).toContain("not asked yet");
});

test("columns are as wide as their widest cell, numbers have three digits", () => {
  expect(
    columns([
      ["a", "1"],
      ["long", "100"],
    ]),
  ).toEqual(["a       1", "long  100"]);
  expect([0.0123, 1.234, 12.34, 123.4, 12_345, NaN].map(digits)).toEqual([
    "0.012",
    "1.23",
    "12.3",
    "123",
    "12,345",
    "?",
  ]);
});
