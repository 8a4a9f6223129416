import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { expectTwin, normal, twinAndKernel, type Operand } from "../../../test/kernelTwin";
import { useTuning } from "../../../test/useTuning";
import type { MatMulTuning } from "./device";
import { Linear, LinearActivated, LinearChunks, LinearGradW, LinearGradX } from "./linearOp";
import { currentStudioBackend } from "./studioBackend";
import { ALL_TILES } from "./sharedTuning";
import { tuningName } from "./tuningName";

/** Tiles through workgroup memory: sharedProduct.gpu.test.ts. */
const KINDS: readonly MatMulTuning[] = [
  { kind: "register", tile: [4, 4], dots: true },
  { kind: "register", tile: [8, 4], dots: false },
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

describe.each(KINDS.map((tuning) => ({ name: tuningName(tuning), tuning })))(
  "linear, $name",
  ({ tuning }) => {
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
  },
);

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
  useTuning(ALL_TILES);

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
