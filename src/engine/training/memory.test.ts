import { expect, test } from "vitest";
import { countDataBytes } from "../../../test/dataBytes";
import { measured, NANO, nano } from "../../../test/plannedRun";
import { createTrainState, disposeState } from "./trainState";
import { trainStep } from "./trainStep";
import { disposeBatch, TINY_OPTIONS } from "../../../test/tinyRun";
import { planOf, type MemoryPlan } from "../../common/config/memoryPlan";

const bytesOf = (plan: MemoryPlan, wanted: (name: string) => boolean) =>
  plan.rows.filter(({ name }) => wanted(name)).reduce((sum, { bytes }) => sum + bytes, 0);

test("the plan's bytes are those a plain step holds", async () => {
  const plan = planOf({ ...NANO, step: "plain" });
  const { held, peak } = await measured(false);
  const kept = bytesOf(plan, (name) => /^(Noised|Blocks|Embeddings|Head|Projector)/.test(name));
  const batch = bytesOf(plan, (name) => name === "Batch");
  expect(held).toBeGreaterThan(0.9 * kept);
  expect(held).toBeLessThan(1.05 * kept);
  const planned = plan.trainingBytes - batch; // the batch is there before
  expect(peak).toBeGreaterThan(0.95 * planned);
  expect(peak).toBeLessThan(1.03 * planned);
});

test("a plain step never holds a second state beside the first", () => {
  const { shape, values, batch } = nano();
  const { stateBytes, trainingBytes } = planOf({ ...NANO, step: "plain" });
  const peak = countDataBytes((bytes) => {
    const { state, logged } = trainStep(createTrainState(values), batch, {
      ...TINY_OPTIONS,
      shape,
    });
    logged.dispose();
    disposeState(state);
    return bytes.peak();
  });
  disposeBatch(batch);
  expect(peak).toBeLessThan(stateBytes + trainingBytes);
});
