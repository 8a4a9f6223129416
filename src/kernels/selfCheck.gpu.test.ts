import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { Linear } from "./linear";
import { disagreements } from "./selfCheck";
import { currentStudioBackend } from "./studioBackend";

test("this device's kernels agree with their twins, and nothing is left", async () => {
  const before = tf.memory().numTensors;
  expect(await disagreements()).toEqual([]);
  expect(tf.memory().numTensors).toBe(before);
});

test("a kernel that gives zeros is named", async () => {
  const { kernelFunc, ...rest } = tf.getKernel(Linear.name, "webgpu");
  tf.unregisterKernel(Linear.name, "webgpu");
  tf.registerKernel({
    ...rest,
    kernelFunc: ({ inputs: { x, weight } }) => {
      const device = currentStudioBackend();
      if (!device || !x || !weight) throw new Error("Not on the studio's backend.");
      const shape = [x.shape[0] ?? 0, weight.shape[0] ?? 0];
      return [0, 1].map(() => {
        const zeros = device.makeTensorInfo(shape, "float32");
        device.clear(zeros);
        return zeros;
      });
    },
  });
  try {
    const found = await disagreements();
    expect(found.map(({ operation }) => operation)).toContain(Linear.name);
  } finally {
    tf.unregisterKernel(Linear.name, "webgpu");
    tf.registerKernel({ ...rest, kernelFunc });
  }
});
