import { expect, test } from "vitest";
import { keepEqual } from "./keepEqual";

const record = () => ({ id: "a", look: { color: 1, shown: true }, steps: [1, 2], latest: {} });

test("what says the same is the same object", () => {
  const before = record();
  expect(keepEqual(before, record())).toBe(before);
});

test("parts beside a change are kept, and the change is there", () => {
  const before = record();
  const next = { ...record(), steps: [1, 2, 3] };
  const kept = keepEqual(before, next);
  expect(kept).toEqual(next);
  expect(kept).not.toBe(before);
  expect(kept.look).toBe(before.look);
  expect(kept.latest).toBe(before.latest);
});

test("a key more or less, a list that is shorter, and another kind of thing are changes", () => {
  const more = { ...record(), name: "b" };
  expect(keepEqual(record(), more)).toEqual(more);
  expect(keepEqual(more, record())).toEqual(record());
  expect(keepEqual([1, 2], [1])).toEqual([1]);
  expect(keepEqual({ a: undefined }, { b: undefined })).toEqual({ b: undefined });
  expect(keepEqual<unknown>({ 0: 1 }, [1])).toEqual([1]);
  expect(keepEqual<unknown>(null, { a: 1 })).toEqual({ a: 1 });
  expect(keepEqual<unknown>({ a: 1 }, null)).toBeNull();
  expect(keepEqual([NaN, -0], [NaN, 0])).toEqual([NaN, 0]);
});

test("what is no plain data is compared by identity", () => {
  const [before, next] = [new Float32Array(2), new Float32Array(2)];
  expect(keepEqual({ before }, { before: next }).before).toBe(next);
});
