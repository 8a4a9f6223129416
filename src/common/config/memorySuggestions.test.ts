import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryExperiment } from "../../../test/arbitraryExperiment";
import { Experiment } from "./experiment";
import { memoryPlan } from "./memoryPlan";
import { memorySuggestions, planFits, withChanges } from "./memorySuggestions";
import { presetById } from "./presets";

const told = (experiment: Experiment, budgetBytes: number) =>
  memorySuggestions(experiment, { budgetBytes }).map(({ changes, sameResult }) => [
    changes.map(({ name, value }) => `${name} ${value}`).join(", "),
    sameResult,
  ]);

const RECOMPUTE = { group: "optimizer", name: "recompute", value: true } as const;
const parts = (value: number) => ({ group: "optimizer", name: "microBatch", value }) as const;

const S256 = Experiment.parse({ model: { size: "S" } });

test("a run that fits is left alone", () => {
  expect(memorySuggestions(presetById("first-minute").experiment, { budgetBytes: 4e9 })).toEqual(
    [],
  );
});

test("the smallest change of each kind is offered, those that change nothing first", () => {
  const need = memoryPlan(S256).peakBytes;
  expect(told(S256, need - 1)).toEqual([
    ["microBatch 128", true],
    ["recompute true", true],
    ["size Micro", false],
  ]);
  const lean = withChanges(S256, [RECOMPUTE]);
  const half = memoryPlan(withChanges(lean, [parts(128)])).peakBytes;
  expect(told(lean, half)[0]).toEqual(["microBatch 128", true]);
  expect(told(lean, half - 1)[0]).toEqual(["microBatch 64", true]);
});

test("with NT-Xent a micro-batch is another objective, so recomputation comes first", () => {
  const ntxent = Experiment.parse({
    ...S256,
    alignment: { ...S256.alignment, objective: "ntxent" },
  });
  const [first, second] = told(ntxent, memoryPlan(ntxent).peakBytes - 1);
  expect(first).toEqual(["recompute true", true]);
  expect(second).toEqual(["microBatch 128", false]);
});

test("changes are combined only where no single one fits, and nothing is offered where nothing helps", () => {
  const large = Experiment.parse({
    model: { size: "XL" },
    sampling: { gridSize: 1 },
    evaluation: { sampleCount: 8 },
  });
  const both = memoryPlan(withChanges(large, [RECOMPUTE, parts(1)])).peakBytes;
  for (const one of [RECOMPUTE, parts(1)]) {
    expect(memoryPlan(withChanges(large, [one])).peakBytes).toBeGreaterThan(both);
  }
  expect(told(large, both)[0]).toEqual(["recompute true, microBatch 1", true]);
  const xl = presetById("paper-xl2").experiment;
  expect(told(xl, 2e9).map(([what]) => what)).toEqual(["size S, microBatch 32", "size Nano"]);
  expect(told(xl, 0.9e9).map(([what]) => what)).toEqual(["size Micro, microBatch 16"]);
  expect(told(xl, 1e6)).toEqual([]);
});

test("a device's buffer limit counts as the budget does", () => {
  const { largestBuffer } = memoryPlan(S256);
  const limits = { budgetBytes: 1e12, maxBindingBytes: largestBuffer.bytes - 1 };
  expect(planFits(memoryPlan(S256), limits)).toBe(false);
  const offered = memorySuggestions(S256, limits);
  expect(offered.length).toBeGreaterThan(0);
  for (const { changes } of offered) {
    expect(memoryPlan(withChanges(S256, changes)).largestBuffer.bytes).toBeLessThan(
      largestBuffer.bytes,
    );
  }
});

test("whatever is offered fits, with the bytes it says", () => {
  fc.assert(
    fc.property(
      arbitraryExperiment,
      fc.double({ min: 0.01, max: 1.2, noNaN: true }),
      (run, share) => {
        const limits = { budgetBytes: share * memoryPlan(run).peakBytes };
        for (const { changes, peakBytes } of memorySuggestions(run, limits)) {
          const plan = memoryPlan(withChanges(run, changes));
          expect(plan.peakBytes).toBe(peakBytes);
          expect(planFits(plan, limits)).toBe(true);
        }
      },
    ),
    { numRuns: 60 },
  );
});
