import fc from "fast-check";
import { expect, test } from "vitest";
import type { StepPoint } from "../protocol/trainer";
import { packSteps, tableOf, unpackSteps } from "./stepRows";

const value = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0));
const point = (step: fc.Arbitrary<number>): fc.Arbitrary<StepPoint> =>
  fc
    .record({ step, velocityLoss: value, projLoss: value, gradNorm: value, stepMs: value })
    .chain((made) =>
      fc.option(value).map((extra) => (extra === null ? made : { ...made, learningRate: extra })),
    );

test("steps come back as they were logged, to the bit, whatever values they have", () => {
  fc.assert(
    fc.property(fc.array(point(fc.nat(1e6))), (points) => {
      const back = packSteps(points).flatMap(unpackSteps);
      expect(back.map((one) => Object.keys(one))).toEqual(points.map((one) => Object.keys(one)));
      expect(back).toEqual(points);
    }),
  );
});

test("a table has every step once, ascending, with what was logged for it last", () => {
  fc.assert(
    fc.property(fc.array(fc.array(point(fc.nat(40)), { maxLength: 8 })), (chunks) => {
      const table = tableOf(chunks.flatMap(packSteps));
      const newest = new Map(chunks.flat().map((one) => [one.step, one]));
      const wanted = [...newest.values()].sort((a, b) => a.step - b.step);
      expect(table.length).toBe(wanted.length);
      expect([...(table.columns.step ?? [])]).toEqual(wanted.map(({ step }) => step));
      expect([...(table.columns.velocityLoss ?? [])]).toEqual(
        wanted.map(({ velocityLoss }) => velocityLoss),
      );
    }),
  );
});
