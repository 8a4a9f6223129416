import { expect, test } from "vitest";
import { checkpointRefusal, MOST_CHECKPOINT_BYTES } from "./checkpoints";

test("a checkpoint larger than what can be stored is refused with both numbers", () => {
  expect(checkpointRefusal(MOST_CHECKPOINT_BYTES)).toBeUndefined();
  expect(checkpointRefusal(2.18e9)?.message).toMatch(/takes 2\.18 GB; at most 2\.15 GB/);
});
