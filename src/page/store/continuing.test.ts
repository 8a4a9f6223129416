import { expect, test } from "vitest";
import { presetById } from "../../common/config/presets";
import { canContinue } from "./dataSlice";
import { selectOwnDevice, selectResumable } from "./selectors";
import { emptyStepLog } from "./stepLog";
import { createStudioStore } from "./studioStore";

const imported = { file: "a.zip", atMs: 1 };

test("a run without a checkpoint starts anew where it was begun here, and cannot where it came with a file", () => {
  const stopped = { phase: "stopped", checkpointStep: null, imported: null } as const;
  expect(canContinue(stopped)).toBe(true);
  expect(canContinue({ ...stopped, imported })).toBe(false);
  expect(canContinue({ ...stopped, imported, checkpointStep: 3 })).toBe(true);
  expect(canContinue({ phase: "finished", imported: null, checkpointStep: 3 })).toBe(false);
});

test("the header offers to resume an opened run by the same rule", () => {
  const { experiment } = presetById("tiny");
  const store = createStudioStore(experiment);
  const open = (of: {
    readonly imported: boolean;
    readonly checkpoint: { step: number; bytes: number } | null;
  }) => {
    store.getState().restoreRun({
      ...{ runId: "a", name: "A", experiment, timeline: [], phase: "stopped", device: null },
      ...{ log: emptyStepLog(), measurements: [], grids: [], ...of },
    });
    return selectResumable(store.getState());
  };
  expect(open({ imported: false, checkpoint: null })).toBe(true);
  expect(open({ imported: true, checkpoint: null })).toBe(false);
  expect(open({ imported: true, checkpoint: { step: 3, bytes: 9 } })).toBe(true);
});

test("the device of a run of a file is another machine's until the run goes on here", () => {
  const { experiment } = presetById("tiny");
  const store = createStudioStore(experiment);
  const device = { backend: "webgpu", adapter: "a card", slow: false, float16: true } as const;
  store.getState().restoreRun({
    ...{ runId: "a", name: "A", experiment, timeline: [], phase: "stopped", device },
    ...{ log: emptyStepLog(), measurements: [], grids: [], imported: true, checkpoint: null },
  });
  expect(selectOwnDevice(store.getState())).toBeNull();
  store.getState().applyRunEvents([{ type: "device", device }]);
  expect(selectOwnDevice(store.getState())).toEqual(device);
});
