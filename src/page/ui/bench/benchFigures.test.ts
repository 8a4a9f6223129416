import { expect, test } from "vitest";
import type { BenchResult, BenchVariant } from "../../../common/protocol/bench";
import {
  amount,
  doubts,
  findings,
  kernelName,
  milliseconds,
  ofPeak,
  peakGflops,
  timesFaster,
} from "./benchFigures";

const spread = (median: number) => ({
  median,
  low: median * 0.9,
  high: median * 1.1,
  min: median * 0.8,
  max: median * 2,
});

const variant = (id: string, stepMs: number, difference = 0): BenchVariant => ({
  id,
  name: id,
  stepMs: spread(stepMs),
  jsMs: spread(stepMs / 100),
  firstStepMs: 1000,
  gpu: { dispatches: 2700, submits: 181, buffersCreated: 0, bufferWrites: 0, bindGroups: 0 },
  memory: null,
  losses: [[1, 0, 1]],
  difference,
  kernels: null,
});

const result: BenchResult = {
  adapter: { name: "an adapter", features: [], maxBufferSize: 1 },
  software: false,
  workload: { id: "nano", description: "Nano", batch: 32 },
  steps: 20,
  warmUp: 3,
  products: [
    { name: "tfjs webgpu", side: 1024, gflops: 400 },
    { name: "studio webgpu", side: 2048, gflops: 1000 },
  ],
  floor: { parameters: 1, flops: 5e9, bytes: 1 },
  variants: [variant("webgpu-plain", 200), variant("webgpu-replayed", 20)],
  gpuErrors: [],
};

test("rates are compared with the best product, times with tfjs as it comes", () => {
  const [plain, replayed] = result.variants;
  if (!plain || !replayed) throw new Error("the example lost a variant");
  expect(peakGflops(result)).toBe(1000);
  expect([timesFaster(result, plain), timesFaster(result, replayed)]).toEqual([1, 10]);
  expect([ofPeak(result, plain), ofPeak(result, replayed)]).toEqual(["2.5 %", "25 %"]);
  expect(findings(result)[0]).toBe(
    "A training step of 32 images takes 20 ms here, 10.0 times faster than plain tfjs: 1600 images a second.",
  );
});

test("errors of the GPU, losses apart and software adapters put the figures in doubt", () => {
  expect(doubts(result)).toEqual([]);
  expect(doubts({ ...result, gpuErrors: ["out of memory"] })[0]).toContain("out of memory");
  const off = [variant("webgpu-plain", 200), variant("webgpu-replayed", 20, NaN)];
  expect(doubts({ ...result, variants: off })[0]).toContain("did not do the same work");
  expect(doubts({ ...result, software: true })[0]).toContain("computes on the CPU");
});

test("numbers have the digits that mean something, kernels names that say something", () => {
  expect([0.0312, 4.56, 456.7].map(amount)).toEqual(["0.0312", "4.56", "457"]);
  expect(["Qh", "product nt"].map(kernelName)).toEqual(["a kernel of tfjs (Qh)", "product nt"]);
  expect([0.042, 0.5, 3.21, 123.4].map(milliseconds)).toEqual(["0.04", "0.50", "3.2", "123"]);
});
