import { expect, test } from "vitest";
import { countDataBytes } from "../../../test/dataBytes";
import { measured, NANO, nano } from "../../../test/plannedRun";
import { createTrainState, disposeState } from "./trainState";
import { trainStep } from "./trainStep";
import { disposeBatch, TINY_OPTIONS } from "../../../test/tinyRun";
import { MODEL_FAMILIES, type ModelFamily } from "../../common/config/modelFamily";
import { planOf, type MemoryPlan } from "../../common/config/memoryPlan";

const bytesOf = (plan: MemoryPlan, wanted: (name: string) => boolean) =>
  plan.rows.filter(({ name }) => wanted(name)).reduce((sum, { bytes }) => sum + bytes, 0);

const planWith = (family: ModelFamily) =>
  planOf({ ...NANO, step: "plain", model: { ...NANO.model, family } });

test.each(MODEL_FAMILIES)("the plan's bytes are those a plain step holds (%s)", async (family) => {
  const plan = planWith(family);
  const { held, peak } = await measured(false, { family });
  const kept = bytesOf(plan, (name) => /^(Noised|Blocks|Embeddings|Head|Projector)/.test(name));
  const batch = bytesOf(plan, (name) => name === "Batch");
  expect(held).toBeGreaterThan(0.9 * kept);
  expect(held).toBeLessThan(1.05 * kept);
  const planned = plan.trainingBytes - batch; // the batch is there before
  expect(peak).toBeGreaterThan(0.95 * planned);
  expect(peak).toBeLessThan(1.03 * planned);
});

test.each(MODEL_FAMILIES)(
  "a plain step never holds a second state beside the first (%s)",
  (family) => {
    const { shape, values, batch } = nano({ family });
    const { stateBytes, trainingBytes } = planWith(family);
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
  },
);
