import { expect, test } from "vitest";
import { bestProducts, peakOf } from "./peaks";

const products = [
  { backend: "studio", tile: "shared 4x4", precision: "float32", side: 1024, gflops: 900 },
  { backend: "studio", tile: "register 8x8", precision: "float32", side: 2048, gflops: 1_100 },
  { backend: "tfjs", precision: "float32", side: 2048, gflops: 1_300 },
  { backend: "torch", precision: "tf32", side: 4096, gflops: 90_000 },
  { backend: "torch", precision: "float32", side: 4096, gflops: 9_000 },
  { backend: "studio", precision: "float32", layout: "gradW", sizes: [2, 3, 4], gflops: 5e6 },
  { backend: "other", precision: "float32", side: 1, gflops: 1e9 },
  null,
];

test("of each backend and precision the best product counts; other entries do not", () => {
  const best = bestProducts(products);
  expect(best.map(({ gflops }) => gflops).sort((a, b) => a - b)).toEqual([
    1_100, 1_300, 9_000, 90_000,
  ]);
});

test("ours are held against the better of ours and tfjs', PyTorch's against its own", () => {
  const peaks = bestProducts(products);
  expect(peakOf({ library: "studio", precision: "float32" }, peaks)?.gflops).toBe(1_300);
  expect(peakOf({ library: "torch", precision: "float32" }, peaks)?.gflops).toBe(9_000);
  expect(peakOf({ library: "torch", precision: "tf32" }, peaks)?.gflops).toBe(90_000);
  expect(peakOf({ library: "studio", precision: "float16" }, peaks)).toBeUndefined();
});
