import { expect, test } from "vitest";
import { createStepReporter, stepProgressText } from "./stepProgress";

test("each part of a step is told in its own unit, with the micro-batch where there are several", () => {
  expect(stepProgressText(1, { part: "forward", done: 3, all: 12 })).toBe(
    "First step: forward pass, block 3 of 12",
  );
  expect(stepProgressText(7, { part: "backward", done: 40, all: 160, microBatch: 2 })).toBe(
    "Step 7: micro-batch 2, backward pass, operation 40 of 160",
  );
  expect(stepProgressText(1, { part: "update", done: 9, all: 160 })).toContain(
    "parameter 9 of 160",
  );
  expect(stepProgressText(1, { part: "gpu", done: 8, all: 251 })).toContain("8 of 251");
});

test("a slow step tells twice a second at most, and takes back what it told; a quick one says nothing", () => {
  let nowMs = 0;
  const texts: string[] = [];
  const run = (blockMs: number) => {
    const { onProgress, end } = createStepReporter(
      1,
      () => nowMs,
      (text) => texts.push(text),
    );
    for (let done = 1; done <= 12; done++) {
      nowMs += blockMs;
      onProgress({ part: "forward", done, all: 12 });
    }
    end();
    onProgress({ part: "gpu", done: 1, all: 1 }); // comes late, from a device
    return texts.splice(0);
  };
  expect(run(1)).toEqual([]);
  expect(run(200)).toEqual([
    "First step: forward pass, block 3 of 12",
    "First step: forward pass, block 6 of 12",
    "First step: forward pass, block 9 of 12",
    "First step: forward pass, block 12 of 12",
    "",
  ]);
});
