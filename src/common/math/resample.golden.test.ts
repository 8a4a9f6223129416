import { describe, expect, test } from "vitest";
import { z } from "zod";
import { goldenTensorOf, loadGolden } from "../../../test/golden";
import { resampleBicubic, type ResampleOptions } from "./resample";

const Posemb = z.looseObject({
  config: z.looseObject({ native_grid: z.tuple([z.int(), z.int()]) }),
  tolerance: z.looseObject({ posemb: z.looseObject({ atol: z.number(), rtol: z.number() }) }),
});
const dinov2 = loadGolden("encoders/dinov2");
const manifest = Posemb.parse(dinov2.manifest);
const cases = [...dinov2.tensors.keys()]
  .map((name) => /^posemb\.(antialias|plain|legacy_offset)\.(\d+)x(\d+)$/.exec(name))
  .filter((match) => match !== null)
  .map(([name, kind = "", rows, columns]) => ({
    name,
    kind,
    grid: [Number(rows), Number(columns)] as const,
  }));

/** Largest excess of |actual - expected| over the tolerance; at most 0 when all are within it. */
function excess(
  actual: Float32Array,
  expected: Float32Array,
  tolerance: { atol: number; rtol: number },
) {
  expect(actual.length).toBe(expected.length);
  return Math.max(
    ...Array.from(expected, (value, i) => {
      const error = Math.abs((actual[i] ?? NaN) - value);
      return error - tolerance.atol - tolerance.rtol * Math.abs(value);
    }),
  );
}

describe("position tables as torch resamples them (encoders/dinov2)", () => {
  const [height, width] = manifest.config.native_grid;

  test("the fixture has every kind on square, larger and oblong grids", () => {
    expect(cases.length).toBe(12);
  });

  test.each(cases)("$name", ({ name, kind, grid }) => {
    const table = goldenTensorOf(dinov2.tensors, "params.pos_embed", "F32");
    const channels = table.shape.at(-1) ?? 0;
    const options: ResampleOptions =
      kind === "antialias"
        ? { kind: "antialias" }
        : kind === "plain"
          ? { kind: "plain" }
          : { kind: "plain", step: [height / (grid[0] + 0.1), width / (grid[1] + 0.1)] };
    const patches = table.data.subarray(channels); // the cls row is not resampled
    const actual = resampleBicubic(patches, { height, width, channels }, grid, options);
    const expected = goldenTensorOf(dinov2.tensors, name, "F32").data.subarray(channels);
    expect(excess(actual, expected, manifest.tolerance.posemb)).toBeLessThanOrEqual(0);
  });
});

describe("images as REPA resizes them (encoders/repa_preprocess)", () => {
  const { tensors, manifest: raw } = loadGolden("encoders/repa_preprocess");
  const { tolerance } = z
    .looseObject({
      tolerance: z.looseObject({ outputs: z.object({ atol: z.number(), rtol: z.number() }) }),
    })
    .parse(raw);

  /** A [1, 3, H, W] fixture as [H, W, 3]. */
  const channelsLast = (data: ArrayLike<number>, pixels: number) =>
    Float32Array.from(
      { length: pixels * 3 },
      (_, i) => data[(i % 3) * pixels + Math.floor(i / 3)] ?? 0,
    );

  test.each([
    ["a.resized01", "a.image_u8", "plain"],
    ["b.resized01", "b.image_u8", "plain"],
  ] as const)("%s", (wanted, source, kind) => {
    const image = goldenTensorOf(tensors, source, "U8");
    const target = goldenTensorOf(tensors, wanted, "F32");
    const side = image.shape.at(-1) ?? 0;
    const outSide = target.shape.at(-1) ?? 0;
    const input = channelsLast(image.data, side * side).map((value) => value / 255);
    const shape = { height: side, width: side, channels: 3 };
    const actual = resampleBicubic(input, shape, [outSide, outSide], { kind });
    const expected = channelsLast(target.data, outSide * outSide);
    expect(excess(actual, expected, tolerance.outputs)).toBeLessThanOrEqual(0);
    const other = resampleBicubic(input, shape, [outSide, outSide], { kind: "antialias" });
    expect(excess(other, expected, tolerance.outputs)).toBeGreaterThan(1e-3);
  });

  test("values that do not fill the shape are refused", () => {
    const shape = { height: 2, width: 2, channels: 3 };
    expect(() => resampleBicubic([1, 2, 3], shape, [4, 4], { kind: "plain" })).toThrow(/3 values/);
    expect(() => resampleBicubic(new Float32Array(12), shape, [0, 4], { kind: "plain" })).toThrow(
      /\[0, 4\]/,
    );
  });
});
