import { expect, test } from "vitest";
import { MODEL_SIZE_TABLE } from "../../common/config/sizes";
import { transformerParameters } from "../models/transformerInit";
import { flatLayout } from "./flatLayout";

/** SiT-B/2 on 32x32x4 latents. */
const shapes = () => {
  const { width, depth, heads } = MODEL_SIZE_TABLE.B;
  const rules = transformerParameters({
    inputSide: 32,
    inChannels: 4,
    patchSize: 2,
    width,
    depth,
    numHeads: heads,
    numClasses: 1000,
    qkNorm: false,
    mlpRatio: 4,
    frequencySize: 256,
  });
  return Object.fromEntries(Object.entries(rules).map(([name, { shape }]) => [name, shape]));
};

const sizeOf = (shape: readonly number[] = []) =>
  shape.reduce((product, side) => product * side, 1);

test("a state larger than a buffer may be lies in several, each within the limit and no parameter cut", () => {
  const most = 2 ** 27; // what WebGPU promises of a binding
  const given = shapes();
  const { places, arenaSizes } = flatLayout(given, most);
  expect(arenaSizes.length).toBeGreaterThan(3);
  for (const size of arenaSizes) expect(4 * size).toBeLessThanOrEqual(most);
  const total = arenaSizes.reduce((sum, size) => sum + size, 0);
  expect(total).toBeGreaterThan(130e6);
  for (const [name, { arena, offset }] of places) {
    expect(offset + sizeOf(given[name])).toBeLessThanOrEqual(arenaSizes[arena] ?? 0);
  }
  expect(flatLayout(given, 2 ** 30).arenaSizes).toHaveLength(1);
});

test("a parameter that no buffer holds is refused with both numbers", () => {
  expect(() => flatLayout(shapes(), 2 ** 23)).toThrow(
    /takes \d+ bytes; this GPU binds at most 8388608/,
  );
});
