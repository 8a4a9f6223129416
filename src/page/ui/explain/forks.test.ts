import { expect, test } from "vitest";
import { forksStay, forkText } from "./forks";

const parent = (step: number, ...change: readonly (readonly [string, unknown, unknown])[]) =>
  ({
    ...{ runId: "a", step },
    change: change.map(([path, from, to]) => ({ path, from, to })),
  }) as never;

test("the edge of a fork says where it begins and what is other there", () => {
  expect(forkText(parent(400, ["alignment.projCoeff", 0.5, 0]))).toBe("from 400: λ 0.5 → 0");
  expect(
    forkText(
      parent(
        3,
        ["alignment.encoders", ["tiny-vit"], ["tiny-vit", "patch-histogram"]],
        ["optimizer.learningRate", 1e-4, 5e-4],
        ["optimizer.mixedPrecision", false, true],
        ["optimizer.microBatch", null, 4],
      ),
    ),
  ).toBe(
    "from 3: Target encoders tiny-vit → tiny-vit + histogram, Learning rate 1e−4 → 5e−4, Mixed precision off → on, Micro-batch none → 4",
  );
  expect(forkText(parent(0))).toBe("from the start");
  expect(forkText(parent(9, ["later.setting", 1, 2]))).toBe("from 9");
  expect(forkText({ step: 9 })).toBe("from 9");
});

test("what stays when a parent is deleted is counted", () => {
  expect([0, 1, 2].map(forksStay)).toEqual([
    undefined,
    "its fork stays: it has its own checkpoint",
    "its 2 forks stay: they have their own checkpoints",
  ]);
});
