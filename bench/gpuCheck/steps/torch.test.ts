import { resolve } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { largestDifference } from "../../../src/engine/bench/agreement";
import { createTrainerVariant } from "../../../src/engine/bench/trainerVariant";
import { TINY_WORKLOAD } from "../../../src/engine/bench/workloads";
import { createPlainTrainer } from "../../../src/engine/training/trainer";
import { torchDevice } from "../pytorch/client";
import { WARM_UP, type Losses } from "./contestant";
import { laneProcess, torchContestants, torchLanes } from "./torch";
import { repeatedValues, workloadNumbers } from "./values";

const hello = { python: "3", torch: "2", cuda: "12", device: "a card", compiles: true };

test("where there are cores, each compiled precision has a process; tf32 is CUDA's", () => {
  expect(torchLanes(hello, "cuda", 16).map(({ precisions }) => precisions)).toEqual([
    ["float32", "tf32", "bfloat16"],
    ["bfloat16"],
    ["tf32"],
    ["float32"],
  ]);
  expect(torchLanes(hello, "cuda", 2).map(({ compiled }) => compiled)).toEqual([false, true]);
  expect(torchLanes({ ...hello, compiles: false }, "cpu", 16)).toEqual([
    { compiled: false, precisions: ["float32", "bfloat16"] },
  ]);
});

test("values of large models have the shapes of true ones, and no weight that is all zero", () => {
  const numbers = workloadNumbers(TINY_WORKLOAD, false);
  const repeated = repeatedValues(TINY_WORKLOAD);
  const shapes = (values: typeof repeated) =>
    Object.fromEntries(Object.entries(values).map(([name, { shape }]) => [name, shape]));
  expect(shapes(repeated)).toEqual(shapes(numbers.values));
  const idle = Object.entries(repeated).filter(
    ([, { shape, values }]) => shape.length > 1 && values.every((x) => x === 0),
  );
  expect(idle).toEqual([]);
});

// needs a torch: PYTHON=/path/to/python3 GPU_CHECK_TORCH=cpu
test.runIf(torchDevice() === "cpu")("PyTorch's step is this project's", async () => {
  const numbers = workloadNumbers(TINY_WORKLOAD, true);
  const lane = laneProcess(resolve("bench/gpuCheck/torchStep.py"), {
    compiled: false,
    precisions: ["float32"],
  });
  const [contestant] = torchContestants(TINY_WORKLOAD, numbers, lane);
  const opened = await contestant?.open(60_000);
  const ours = await createTrainerVariant({
    ...{ name: "plain", workload: TINY_WORKLOAD, open: createPlainTrainer, ...numbers },
    prepare: async () => {
      await tf.setBackend("cpu");
    },
    clockMs: () => 0,
  });
  const losses: Losses[] = [];
  for (let i = 0; i < WARM_UP; i++) losses.push((await ours.step()).losses);
  expect(opened?.start.losses).toHaveLength(WARM_UP);
  expect(largestDifference(opened?.start.losses ?? [], losses)).toBeLessThan(1e-5);
  for (const [i, [, , gradNorm]] of losses.entries()) {
    expect(opened?.start.losses[i]?.[2]).toBeCloseTo(gradNorm, 4);
  }
  ours.dispose();
  lane.end();
  numbers.dispose();
});
