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
    queue: () => undefined,
    cleanAddress: () => undefined,
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

test("what is opened while a run is under way waits for its turn, a command as well", async () => {
  const store = createStudioStore(experiment);
  const queued: number[] = [];
  const begun: number[] = [];
  let underWay = true;
  const flow = createAddressFlow({
    store,
    caching: { costEstimate: () => Promise.resolve(estimateOf(1)) },
    run: {
      isUnderWay: () => underWay,
      beginRun: ({ optimizer }) => begun.push(optimizer.batchSize),
    },
    queue: ({ optimizer }) => queued.push(optimizer.batchSize),
    cleanAddress: () => undefined,
    codeVersion: "test",
  });
  await flow.openCommand("accelerate launch train.py --model=SiT-B/2 --batch-size=64");
  expect(store.getState().link).toMatchObject({ from: "command", issues: [] });
  flow.openLinked();
  expect([queued, begun]).toEqual([[64], []]);
  expect(store.getState().link).toBeNull();
  underWay = false;
  await flow.openCommand("train.py --model=SiT-B/2 --encoder-depth=4 --batch-size=128");
  flow.openLinked();
  expect([queued, begun]).toEqual([[64], [128]]);
});

test("a text without any argument is refused with what to paste", async () => {
  const store = createStudioStore(experiment);
  const flow = createAddressFlow({
    store,
    caching: { costEstimate: () => Promise.resolve(estimateOf(1)) },
    run: { isUnderWay: () => false, beginRun: () => undefined },
    queue: () => undefined,
    cleanAddress: () => undefined,
    codeVersion: "test",
  });
  await flow.openCommand("train me a model");
  const { link } = store.getState();
  expect(link?.experiment).toBeNull();
  expect(link?.issues[0]?.message).toContain("Paste the whole command");
});
