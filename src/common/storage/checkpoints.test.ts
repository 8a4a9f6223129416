import { expect, test } from "vitest";
import { checkpointRefusal, MOST_CHECKPOINT_BYTES } from "./checkpoints";

test("a checkpoint larger than what can be stored is refused with both numbers", () => {
  expect(checkpointRefusal(MOST_CHECKPOINT_BYTES)).toBeUndefined();
  expect(checkpointRefusal(2.18e9)).toBeUndefined();
  expect(checkpointRefusal(10.8e9)?.message).toMatch(/takes 10\.80 GB; at most 4\.29 GB/);
});
