import { expect, test } from "vitest";
import { SHARED_TILES } from "../kernels/sharedTile";
import { productOnPaper, type CardOnPaper } from "./onPaper";
import type { StepProduct } from "./stepProducts";

/** 64 x 64 results a group; a thousand operations and ten bytes a nanosecond. */
const TILE = SHARED_TILES[0];
const CARD: CardOnPaper = { name: "test", cores: 10, flops: 1e12, bandwidth: 1e10 };
const product = (m: number, n: number, k: number): StepProduct => ({
  ...{ of: "test", layout: "nt", times: 1, m, n, k },
});
const whole = { tile: TILE, parts: 1, partLength: 1e6 };

test("a product that fills the chip takes its arithmetic's time", () => {
  const card = { ...CARD, bandwidth: Infinity };
  const found = productOnPaper(product(640, 640, 1000), card, whole);
  expect(found.workgroups).toBe(100);
  expect(found.limit).toBe("arithmetic");
  expect(found.seconds).toBeCloseTo((2 * 640 * 640 * 1000) / 1e12 + 3e-6, 12);
});

test("one of a single workgroup is ten times slower than its arithmetic; ten parts of K mend that", () => {
  const card = { ...CARD, bandwidth: Infinity };
  const small = product(64, 64, 10_000);
  const alone = productOnPaper(small, card, whole);
  expect(alone.limit).toBe("few workgroups");
  const arithmetic = (2 * 64 * 64 * 10_000) / 1e12;
  expect(alone.seconds).toBeCloseTo(10 * arithmetic + 3e-6, 12);
  const split = productOnPaper(small, card, { ...whole, parts: 10, partLength: 1000 });
  expect(split.limit).toBe("arithmetic");
  expect(split.seconds).toBeCloseTo(arithmetic + 6e-6, 12);
});

test("a thin one waits for memory: operands and result, once", () => {
  const found = productOnPaper(product(640, 640, 4), CARD, whole);
  expect(found.bytes).toBe(4 * (640 * 4 + 640 * 4 + 640 * 640));
  expect(found.limit).toBe("memory");
  expect(found.seconds).toBeCloseTo(found.bytes / 1e10 + 3e-6, 12);
});
