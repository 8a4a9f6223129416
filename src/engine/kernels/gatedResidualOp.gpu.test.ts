import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { expectTwin, normal } from "../../../test/kernelTwin";
import { useTuning } from "../../../test/useTuning";
import type { MatMulTuning } from "./device";
import { GatedResidual, GatedResidualGrad } from "./gatedResidualOp";
import { SHARED_TILES } from "./sharedTile";
import { oneTile } from "./sharedTuning";

const KINDS: readonly MatMulTuning[] = [
  { kind: "register", tile: [4, 4] },
  oneTile(SHARED_TILES[0]),
];

/** Batch, tokens and width: one of each, odd ones, more than a workgroup takes at once. */
const sizes = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom(1, 2, 17, 33, 64),
  fc.constantFrom(1, 3, 4, 30, 68, 128, 260),
);
const RUNS = { numRuns: 15 };

beforeEach(() => tf.setBackend("webgpu"));

describe.each(KINDS)("gated residual, $kind", (tuning) => {
  useTuning(tuning);

  test("x + gate update", () =>
    fc.assert(
      fc.asyncProperty(sizes, ([b, t, d]) => {
        const operands = {
          x: normal("x", [b, t, d]),
          gate: normal("gate", [b, d]),
          update: normal("update", [b, t, d]),
        };
        return expectTwin(GatedResidual, operands, {});
      }),
      RUNS,
    ));

  test("gradients of update and gate", () =>
    fc.assert(
      fc.asyncProperty(sizes, ([b, t, d]) => {
        const operands = {
          dy: normal("dy", [b, t, d]),
          gate: normal("gate", [b, d]),
          update: normal("update", [b, t, d]),
        };
        return expectTwin(GatedResidualGrad, operands, {});
      }),
      RUNS,
    ));
});

test("operands that do not belong together are refused by name", () => {
  const x = tf.zeros<tf.Rank.R3>([2, 3, 8]);
  const gate = tf.zeros<tf.Rank.R2>([2, 7]);
  expect(() => {
    GatedResidual.check({ x, gate, update: x }, {});
  }).toThrow("x [2, 3, 8], gate [2, 7], update [2, 3, 8]");
});
