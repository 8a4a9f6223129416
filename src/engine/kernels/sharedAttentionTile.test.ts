import { expect, test } from "vitest";
import { fitsTile } from "./attentionFrame";
import { memoryOf, ownQuadsOf, sharedAttentionTile } from "./sharedAttentionTile";

/** Bytes of workgroup memory that every WebGPU device has. */
const PROMISED_BYTES = 16384;
const VEC4_BYTES = 16;

const widths = Array.from({ length: 200 }, (_, i) => i + 1).filter(fitsTile);

test("every head width up to 128 that divides by four has a tile", () => {
  expect(widths).toEqual(Array.from({ length: 32 }, (_, i) => 4 * (i + 1)));
});

test.each(widths)(
  "a head of width %i fits in the workgroup memory that WebGPU promises",
  (width) => {
    const { strips, weights, parts } = memoryOf(sharedAttentionTile(width));
    expect(VEC4_BYTES * (strips + weights + parts)).toBeLessThanOrEqual(PROMISED_BYTES);
  },
);

test.each(widths)(
  "strips of a head of width %i reach to its end, and no strip is empty",
  (width) => {
    const { quads, depth } = sharedAttentionTile(width);
    const strips = Math.ceil(quads / depth);
    expect(strips * depth).toBeGreaterThanOrEqual(quads);
    expect(strips * depth - quads).toBeLessThan(strips);
  },
);

test.each(widths)("threads of a row share its vec4s, each has one owner (width %i)", (width) => {
  const tile = sharedAttentionTile(width);
  const places = ownQuadsOf(tile).flatMap(({ at, isReal }) => {
    const start = Number.parseInt(at);
    const most = isReal === "true" ? tile.threads : tile.quads - start;
    return Array.from({ length: most }, (_, across) => start + across);
  });
  expect(places).toEqual(Array.from({ length: tile.quads }, (_, i) => i));
});
