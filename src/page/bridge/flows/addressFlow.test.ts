import { expect, test } from "vitest";
import { presetById } from "../../../common/config/presets";
import { encodeRunFile } from "../../../common/config/runFile";
import type { CacheCostEstimate } from "../../../common/protocol/features";
import type { Outcome } from "../../../common/protocol/shared";
import { createStudioStore } from "../../store/studioStore";
import { createAddressFlow } from "./addressFlow";

const { experiment } = presetById("tiny");
const fileOf = (steps: number) => {
  const optimizer = { ...experiment.optimizer, steps };
  const text = encodeRunFile({ experiment: { ...experiment, optimizer }, timeline: [], card: {} });
  return new File([text], "experiment.json");
};
const estimateOf = (images: number): Outcome<CacheCostEstimate> => ({
  ok: true,
  value: { images, items: [], weights: [] } as unknown as CacheCostEstimate,
});

test("an estimate that comes late is not shown with the experiment that was opened after it", async () => {
  const store = createStudioStore(experiment);
  const answers: ((estimate: Outcome<CacheCostEstimate>) => void)[] = [];
  const flow = createAddressFlow({
    store,
    caching: { costEstimate: () => new Promise((resolve) => answers.push(resolve)) },
    run: { isUnderWay: () => false, beginRun: () => undefined },
    codeVersion: "test",
  });
  await flow.openRunFile(fileOf(10));
  await flow.openRunFile(fileOf(20));
  expect(answers).toHaveLength(2);
  answers[0]?.(estimateOf(1));
  await Promise.resolve();
  expect(store.getState().link?.costEstimate).toBeNull();
  answers[1]?.(estimateOf(2));
  await Promise.resolve();
  expect(store.getState().link?.costEstimate?.images).toBe(2);
});
