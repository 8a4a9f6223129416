import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { expectTwin, normal, twinAndKernel, type Operand } from "../../../test/kernelTwin";
import { useTuning } from "../../../test/useTuning";
import type { MatMulTuning } from "./device";
import { Linear, LinearActivated, LinearChunks, LinearGradW, LinearGradX } from "./linearOp";
import type { ProductOptions } from "./productFrame";
import { sharedProduct, type SharedTile } from "./sharedProduct";
import { currentStudioBackend } from "./studioBackend";

const KINDS: readonly MatMulTuning[] = [
  { kind: "register", tile: [4, 4], dots: true },
  { kind: "register", tile: [8, 4], dots: false },
  { kind: "shared", tile: [4, 4], dots: true },
];

/** Rows, inputs and outputs: odd ones, single ones, multiples of four and of no tile. */
const sizes = fc.tuple(
  fc.integer({ min: 1, max: 70 }),
  fc.constantFrom(1, 3, 4, 12, 16, 20, 33, 64),
  fc.constantFrom(1, 4, 6, 12, 24, 36, 68),
);
const activations = fc.constantFrom(
  "none" as const,
  "silu" as const,
  "gelu-tanh" as const,
  "quick-gelu" as const,
  "gelu" as const,
);
const RUNS = { numRuns: 12 };

beforeEach(() => tf.setBackend("webgpu"));

describe.each(KINDS)("linear, $kind tiles of $tile", (tuning) => {
  useTuning(tuning);

  test("y = activation(x Wᵀ + b), for any sizes", () =>
    fc.assert(
      fc.asyncProperty(sizes, activations, ([m, k, n], activation) => {
        const operands = {
          x: normal("x", [m, k]),
          weight: normal("w", [n, k]),
          bias: normal("b", [n]),
        };
        return activation === "none"
          ? expectTwin(Linear, operands, {})
          : expectTwin(LinearActivated, operands, { activation });
      }),
      RUNS,
    ));

  test("dx, with the slope of the activation before", () =>
    fc.assert(
      fc.asyncProperty(sizes, activations, ([m, n, k], activation) => {
        const pre = activation === "none" ? undefined : normal("pre", [m, k]);
        const operands = { dy: normal("dy", [m, n]), weight: normal("w", [n, k]), pre };
        return expectTwin(LinearGradX, operands, { activation });
      }),
      RUNS,
    ));

  test("dW and db", () =>
    fc.assert(
      fc.asyncProperty(sizes, ([m, n, k]) => {
        const operands = {
          dy: normal("dy", [m, n]),
          x: normal("x", [m, k]),
          weight: normal("w", [n, k]),
          bias: normal("b", [n]),
        };
        return expectTwin(LinearGradW, operands, {});
      }),
      RUNS,
    ));
});

/** Past the ends of one, two and three tiles on every side. */
const anySizes = fc.tuple(
  fc.integer({ min: 1, max: 140 }),
  fc.integer({ min: 1, max: 70 }),
  fc.integer({ min: 1, max: 140 }),
);

const times = (operand: Operand, factor: number): Operand => ({
  ...operand,
  values: Float32Array.from(operand.values, (value) => value * factor),
});

/**
 * Operands of a linear map and of its gradients, normal numbers of a spread of 1; `dy` of 1 / rows (a power of two),
 * as the gradient of a mean has it: float16 holds no larger ones once they are scaled.
 */
function operandsOf([m, k, n]: readonly [number, number, number]) {
  const spread = 2 ** -Math.ceil(Math.log2(m));
  const [x, weight] = [normal("x", [m, k]), normal("w", [n, k])];
  return { spread, x, weight, bias: normal("b", [n]), dy: times(normal("dy", [m, n]), spread) };
}

describe("products through workgroup memory", () => {
  useTuning({ kind: "shared", tile: [4, 4] });

  test("are right for any sizes, in all layouts", () =>
    fc.assert(
      fc.asyncProperty(anySizes, async (size) => {
        const { x, weight, bias, dy } = operandsOf(size);
        await expectTwin(Linear, { x, weight, bias }, {});
        await expectTwin(LinearGradX, { dy, weight, pre: undefined }, { activation: "none" });
        await expectTwin(LinearGradW, { dy, x, weight, bias }, {});
      }),
      { numRuns: 20 },
    ));

  /**
   * Float16 has 11 bits. A term of large numbers is off by 2^-11 of itself three times (both operands and the
   * product): 1.5e-3 of the largest result, where that is a single term. The errors of many terms have any sign:
   * 5e-4 sqrt(terms) in all, as a rule. One wrong term would be off by about 1.
   * @param spread of a term
   */
  function expectFloat16(
    { expected, actual }: Awaited<ReturnType<typeof twinAndKernel>>,
    spread: number,
    terms: number,
  ): void {
    expected.forEach(({ values }, i) => {
      const found = actual[i]?.values ?? new Float32Array();
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const atol = 2e-3 * (largest + spread * Math.sqrt(terms));
      expect(found).toBeAllClose(values, { atol });
    });
  }

  test("are right in float16, where the device has it", async ({ skip }) => {
    await tf.setBackend("webgpu");
    const backend = currentStudioBackend();
    if (!backend?.features.has("shader-f16")) return skip("no shader-f16 here"); // as on SwiftShader
    backend.mixedPrecision = true;
    try {
      await fc.assert(
        fc.asyncProperty(anySizes, async (size) => {
          const { spread, x, weight, bias, dy } = operandsOf(size);
          const [m, k, n] = size;
          const plain = { activation: "none" } as const;
          const forward = await twinAndKernel(Linear, { x, weight, bias }, {});
          expectFloat16(forward, 1, k);
          const gradX = await twinAndKernel(LinearGradX, { dy, weight, pre: undefined }, plain);
          expectFloat16(gradX, spread, n);
          const gradW = await twinAndKernel(LinearGradW, { dy, x, weight, bias }, {});
          expectFloat16(gradW, spread, m);
        }),
        { numRuns: 20 },
      );
    } finally {
      backend.mixedPrecision = false;
    }
  });
});

/** Another tile than the one in use: more results a thread, and more vec4s to bring than threads. */
const OTHER_TILE: SharedTile = { threads: 4, results: 8, depth: 12 };

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** aᵀ b and the sums of a over K, in float64: a [K, M], b [K, N] -> [[M, N], [M]]. */
function expectedProduct({ m, n, k }: Sizes, a: ArrayLike<number>, b: ArrayLike<number>) {
  const at = (values: ArrayLike<number>, i: number) => values[i] ?? NaN;
  const over = (term: (step: number) => number) =>
    Array.from({ length: k }, (_, step) => term(step)).reduce((sum, value) => sum + value, 0);
  const y = Array.from({ length: m * n }, (_, i) =>
    over((step) => at(a, step * m + Math.floor(i / n)) * at(b, step * n + (i % n))),
  );
  const sums = Array.from({ length: m }, (_, row) => over((step) => at(a, step * m + row)));
  return [y, sums];
}

test("another tile than the one in use is right as well", async () => {
  const backend = currentStudioBackend();
  if (!backend) throw new Error("Not on the studio's backend.");
  const sizes = { m: 37, n: 70, k: 29 };
  const { m, n, k } = sizes;
  const [a, b] = [normal("a", [k, m]), normal("b", [k, n])];
  const options: ProductOptions = {
    layout: "tn",
    bias: "sum",
    activation: "none",
    activationSide: "forward",
    f16: false,
  };
  const side = OTHER_TILE.threads * OTHER_TILE.results;
  const outputs = [[m, n], [m]].map((shape) => backend.makeTensorInfo(shape, "float32"));
  const inputs = [tf.tensor(a.values, [k, m]), tf.tensor(b.values, [k, n])];
  backend.dispatch(sharedProduct(options, OTHER_TILE), {
    outputs,
    inputs,
    uniforms: [m, n, k, n, m * n, 1],
    workgroups: [Math.ceil(n / side), Math.ceil(m / side), 1],
  });
  const found = await Promise.all(outputs.map(({ dataId }) => backend.read(dataId)));
  expectedProduct(sizes, a.values, b.values).forEach((expected, i) => {
    expect(found[i]).toBeAllClose(expected, { rtol: 1e-5, atol: 2e-5 });
  });
  for (const { dataId } of outputs) backend.disposeData(dataId);
  tf.dispose(inputs);
});

test("chunks of columns come one after the other", () =>
  expectTwin(
    LinearChunks,
    { x: normal("x", [5, 8]), weight: normal("w", [24, 8]), bias: normal("b", [24]) },
    { count: 6 },
  ));

test("operands that do not belong together are refused by name", () => {
  const x = tf.zeros<tf.Rank.R2>([2, 3]);
  const weight = tf.zeros<tf.Rank.R2>([4, 5]);
  const check = () => Linear.check({ x, weight, bias: tf.zeros([4]) }, {});
  expect(check).toThrow("x [2, 3], weight [4, 5], bias [4]");
});
