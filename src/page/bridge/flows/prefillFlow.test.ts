import { expect, test } from "vitest";
import { Experiment } from "../../../common/config/experiment";
import type { CacheCostEstimate } from "../../../common/protocol/features";
import type { Outcome } from "../../../common/protocol/shared";
import { createStudioStore } from "../../store/studioStore";
import { createPrefillFlow } from "./prefillFlow";

const estimateFor = (images: number): CacheCostEstimate => ({ images, items: [], weights: [] });

test("a late cost estimate does not replace a newer one", async () => {
  const replies: ((costEstimate: Outcome<CacheCostEstimate>) => void)[] = [];
  const store = createStudioStore(Experiment.parse({}));
  const runner = {
    costEstimateOf: () => new Promise<Outcome<CacheCostEstimate>>((reply) => replies.push(reply)),
    cache: () => Promise.resolve(undefined),
    stopCaching: () => Promise.resolve(),
  };
  const { costEstimate } = createPrefillFlow(store, runner, () => undefined);
  const encoders = ["tiny-vit"] as const;
  const asked = [costEstimate(encoders), costEstimate(encoders)];
  replies[1]?.({ ok: true, value: estimateFor(12) });
  replies[0]?.({ ok: true, value: estimateFor(3812) });
  await Promise.all(asked);
  expect(store.getState().prefill.costEstimate?.images).toBe(12);
});
