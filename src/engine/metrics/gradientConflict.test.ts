import { expect, test } from "vitest";
import { conflictByBlock, gradientConflict, gradientProducts } from "./gradientConflict";

test("opposed, equal and orthogonal gradients have cosines -1, 1 and 0, whatever their lengths", () => {
  const of = (a: number[], b: number[]) => gradientConflict(gradientProducts(a, b));
  expect(of([1, 2], [-3, -6]).cosine).toBeCloseTo(-1, 15);
  expect(of([1, 2], [0.5, 1]).cosine).toBeCloseTo(1, 15);
  expect(of([1, 2], [2, -1])).toMatchObject({ cosine: 0, velocityNorm: Math.sqrt(5) });
});

test("a block's cosine is that of its parameters laid end to end; a block without a gradient has none", () => {
  const [weight, bias] = [gradientProducts([1, -2], [3, 1]), gradientProducts([4], [-1])];
  const [first, second] = conflictByBlock([
    ["blocks.0.attn.qkv.weight", weight],
    ["x_embedder.proj.weight", gradientProducts([9], [9])],
    ["blocks.1.attn.qkv.weight", gradientProducts([1], [0])],
    ["blocks.0.attn.qkv.bias", bias],
  ]);
  expect(first).toEqual(gradientConflict(gradientProducts([1, -2, 4], [3, 1, -1])));
  expect(second).toEqual({ cosine: undefined, velocityNorm: 1, alignmentNorm: 0 });
});

test("gradients of two parameters are refused with their lengths", () => {
  expect(() => gradientProducts([1, 2], [1])).toThrow(/2 and 1 values/);
});
