import { expect, test } from "vitest";
import { checkpointRefusal, MOST_CHECKPOINT_BYTES, outdated } from "./checkpoints";
import type { CheckpointHead } from "./db";

test("a checkpoint larger than what can be stored is refused with both numbers", () => {
  expect(checkpointRefusal(MOST_CHECKPOINT_BYTES)).toBeUndefined();
  expect(checkpointRefusal(2.18e9)).toBeUndefined();
  expect(checkpointRefusal(10.8e9)?.message).toMatch(/takes 10\.80 GB; at most 4\.29 GB/);
});

const head = (step: number, more: Partial<CheckpointHead> = {}): CheckpointHead => ({
  ...{ runId: "a", step, bytes: 0, createdAtMs: 1, pinned: false, parts: [] },
  ...more,
});
const stepsOf = (heads: readonly CheckpointHead[]) => heads.map(({ step }) => step);

test("the newest three are kept, pinned ones beside them", () => {
  const pinned = head(1, { pinned: true });
  expect(stepsOf(outdated([pinned, head(2), head(3), head(4)]))).toEqual([]);
  expect(stepsOf(outdated([pinned, head(2), head(3), head(4), head(5)]))).toEqual([2]);
});

test("fork points are kept beside the newest three, also those between steps", () => {
  const fork = head(7, { forkPoint: true, interim: true });
  expect(stepsOf(outdated([fork, head(10), head(20), head(30)]))).toEqual([]);
  expect(stepsOf(outdated([fork, head(10), head(20), head(30), head(40)]))).toEqual([10]);
  const marked = head(20, { forkPoint: true });
  expect(stepsOf(outdated([head(10), marked, head(30), head(40)]))).toEqual([]);
});

test("checkpoints by time take the place of none by steps, and only the newest of all stays", () => {
  const interim = (step: number) => head(step, { interim: true });
  const regular = [head(10), head(20), head(30)];
  expect(stepsOf(outdated([...regular, interim(33)]))).toEqual([]);
  expect(stepsOf(outdated([...regular, interim(33), interim(36)]))).toEqual([33]);
  expect(stepsOf(outdated([...regular, interim(36), head(40)]))).toEqual([10, 36]);
});
