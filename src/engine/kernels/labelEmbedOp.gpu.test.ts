import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectGradient } from "../../../test/gradientCheck";
import { expectTwin, normal, type Operand } from "../../../test/kernelTwin";
import { LabelEmbed, LabelEmbedGrad } from "./labelEmbedOp";

/** Classes, width and labels, repeated ones and ones that are no class among them. */
const cases = fc.tuple(
  fc.constantFrom(2, 3, 11, 50),
  fc.constantFrom(1, 3, 4, 33, 64),
  fc.array(fc.integer({ min: -1, max: 12 }), { minLength: 1, maxLength: 20 }),
);
const RUNS = { numRuns: 20 };
const labelsOf = (labels: readonly number[]): Operand => ({
  shape: [labels.length],
  values: Int32Array.from(labels),
});

test("the rows that labels name, for any sizes", () =>
  fc.assert(
    fc.asyncProperty(cases, ([classes, width, labels]) =>
      expectTwin(
        LabelEmbed,
        { table: normal("table", [classes, width]), labels: labelsOf(labels) },
        {},
      ),
    ),
    RUNS,
  ));

test("the gradient: each row the sum over its samples, rows without any zero", () =>
  fc.assert(
    fc.asyncProperty(cases, ([classes, width, labels]) =>
      expectTwin(
        LabelEmbedGrad,
        {
          dy: normal("dy", [labels.length, width]),
          labels: labelsOf(labels),
          table: normal("table", [classes, width]),
        },
        {},
      ),
    ),
    RUNS,
  ));

test("the gradient is the derivative", () => {
  const labels = () => tf.tensor1d([2, 0, 2, 4], "int32");
  return expectGradient(
    (table: Tensor2D) => LabelEmbed.twin({ table, labels: labels() }, {}).rows,
    (table, dy) => LabelEmbedGrad.twin({ dy, labels: labels(), table }, {}).dTable,
    normal("table", [5, 3]),
  );
});

test("operands that do not belong together are refused by name", () => {
  const labels: Tensor1D = tf.tensor1d([0, 1], "int32");
  const check = () =>
    LabelEmbedGrad.check({ dy: tf.zeros([3, 4]), labels, table: tf.zeros([5, 4]) }, {});
  expect(check).toThrow("dy [3, 4], labels [2], table [5, 4]");
});
