import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { expectTwin, normal, type Operand } from "../../../test/kernelTwin";
import { useTuning } from "../../../test/useTuning";
import { LinearActivated, LinearGradX } from "./linearOp";
import { sharedDispatch, type ProductSizes } from "./matMul";
import type { ProductLayout, ProductOptions } from "./productFrame";
import { NARROW_TILE, SHARED_TILES, sharedTileName, type SharedTile } from "./sharedTile";
import { oneTile } from "./sharedTuning";
import { currentStudioBackend } from "./studioBackend";

/** A tile that nothing uses, with another shape of everything. */
const ODD_TILE: SharedTile = { threads: [4, 8], results: [8, 4], depth: 12 };
/**
 * In a browser two tiles stand for all, because SwiftShader compiles the larger ones for seconds a program:
 * `VITE_EVERY_TILE=1 npx vitest run --project gpu src/engine/kernels/sharedProduct.gpu.test.ts` meets every tile there too.
 */
const everyTile = typeof window === "undefined" || Boolean(import.meta.env.VITE_EVERY_TILE);
const TILES = everyTile ? [...SHARED_TILES, ODD_TILE] : [NARROW_TILE, ODD_TILE];

const LAYOUTS: readonly ProductLayout[] = ["nt", "nn", "tn"];

beforeEach(() => tf.setBackend("webgpu"));

const at = (values: ArrayLike<number>, i: number) => values[i] ?? NaN;

/** The product and the sums of a over K in float64: [M, N] and [M]. */
function expectedProduct(
  layout: ProductLayout,
  { m, n, k }: ProductSizes,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
) {
  const ofA = (row: number, step: number) =>
    at(a, layout === "tn" ? step * m + row : row * k + step);
  const ofB = (column: number, step: number) =>
    at(b, layout === "nt" ? column * k + step : step * n + column);
  const y = new Float64Array(m * n);
  const sums = new Float64Array(m);
  for (let row = 0; row < m; row++) {
    for (let step = 0; step < k; step++) {
      const left = ofA(row, step);
      sums[row] = at(sums, row) + left;
      for (let column = 0; column < n; column++) {
        y[row * n + column] = at(y, row * n + column) + left * ofB(column, step);
      }
    }
  }
  return [y, sums];
}

const optionsOf = (layout: ProductLayout, f16: boolean): ProductOptions => ({
  ...{ layout, f16, bias: layout === "tn" ? "sum" : "none" },
  ...{ activation: "none", activationSide: "forward" },
});

interface Call {
  readonly layout: ProductLayout;
  readonly tile: SharedTile;
  readonly size: readonly [m: number, n: number, k: number];
  readonly parts: number;
  readonly f16: boolean;
}

async function computed(
  { layout, tile, size: [m, n, k], parts, f16 }: Call,
  a: Operand,
  b: Operand,
) {
  const backend = currentStudioBackend();
  if (!backend) throw new Error("Not on the studio's backend.");
  const outputs = [[m, n], ...(layout === "tn" ? [[m]] : [])].map((shape) =>
    backend.makeTensorInfo(shape, "float32"),
  );
  const inputs = [tf.tensor(a.values, [a.values.length]), tf.tensor(b.values, [b.values.length])];
  const sizes = { m, n, k, chunk: n, stride: m * n };
  const partLength = Math.ceil(k / parts / tile.depth) * tile.depth;
  sharedDispatch(
    backend,
    { options: optionsOf(layout, f16), sizes, operands: inputs, outputs, scale: 1 },
    { tile, parts: Math.ceil(k / partLength), partLength },
  );
  const values = await Promise.all(outputs.map(({ dataId }) => backend.read(dataId)));
  for (const { dataId } of outputs) backend.disposeData(dataId);
  tf.dispose(inputs);
  return values;
}

async function expectRight(call: Call): Promise<void> {
  const {
    layout,
    size: [m, n, k],
    f16,
  } = call;
  const [a, b] = [normal("a", [m, k]), normal("b", [n, k])];
  const values = await computed(call, a, b);
  const sizes = { m, n, k, chunk: n, stride: m * n };
  const expected = expectedProduct(layout, sizes, a.values, b.values);
  values.forEach((found, i) => {
    const atol = f16 ? 4e-3 * Math.sqrt(k) : 4e-6 * Math.sqrt(k);
    expect(found).toBeAllClose(expected[i] ?? [], { rtol: f16 ? 4e-3 : 1e-5, atol });
  });
}

/** Single ones, odd ones, past the ends of tiles of 32 to 128. */
const side = fc.integer({ min: 1, max: 140 });
const size = fc.tuple(side, side, fc.integer({ min: 1, max: 150 }));
/** All inner axes divide by four: read four numbers at a time. */
const wideSize = size.map(
  ([m, n, k]) => [4 * Math.ceil(m / 4), 4 * Math.ceil(n / 4), 4 * Math.ceil(k / 4)] as const,
);
const parts = fc.constantFrom(1, 1, 2, 3);
/** Only small tiles are used for sizes that do not divide by four. */
const sizesOf = ({ results: [rows, columns] }: SharedTile) =>
  rows * columns > 32 ? wideSize : fc.oneof(size, wideSize);

describe.each(TILES.map((tile) => ({ name: sharedTileName(tile), tile })))(
  "tile $name",
  ({ tile }) => {
    test.each(LAYOUTS)("is right in layout %s for any sizes, whole and in parts of K", (layout) =>
      fc.assert(
        fc.asyncProperty(sizesOf(tile), parts, (any, count) =>
          expectRight({ layout, tile, size: any, parts: count, f16: false }),
        ),
        { numRuns: 8 },
      ),
    );

    test("is right in float16, where the device has it", ({ skip }) => {
      if (!currentStudioBackend()?.features.has("shader-f16")) skip("no shader-f16 here");
      return fc.assert(
        fc.asyncProperty(fc.constantFrom(...LAYOUTS), wideSize, parts, (layout, any, count) =>
          expectRight({ layout, tile, size: any, parts: count, f16: true }),
        ),
        { numRuns: 8 },
      );
    });
  },
);

const ACTIVATIONS = ["silu", "gelu-tanh", "quick-gelu", "gelu"] as const;

describe.each(
  TILES.map((tile, i) => ({
    name: sharedTileName(tile),
    tuning: oneTile(tile),
    // a tile's `store` is that of every tile: each meets two of the activations
    activations: [0, 1].map((next) => ACTIVATIONS[(i + next) % ACTIVATIONS.length] ?? "silu"),
  })),
)("tile $name, with what follows a product", ({ tuning, activations }) => {
  useTuning(tuning);

  test.each(activations)("%s forward and backward, bias included, for any sizes", (activation) =>
    fc.assert(
      fc.asyncProperty(fc.oneof(size, wideSize), async ([m, n, k]) => {
        const [x, weight] = [normal("x", [m, k]), normal("w", [n, k])];
        await expectTwin(LinearActivated, { x, weight, bias: normal("b", [n]) }, { activation });
        const [dy, pre] = [normal("dy", [m, n]), normal("pre", [m, k])];
        await expectTwin(LinearGradX, { dy, weight, pre }, { activation });
      }),
      { numRuns: 3 },
    ),
  );
});

test("the parts of K are added in one order: the same bits every time", async () => {
  const call: Call = {
    ...{ layout: "tn", tile: ODD_TILE, size: [60, 68, 900], parts: 7, f16: false },
  };
  const [a, b] = [normal("a", [60, 900]), normal("b", [68, 900])];
  const first = await computed(call, a, b);
  expect(await computed(call, a, b)).toEqual(first);
});
