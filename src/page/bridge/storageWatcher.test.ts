import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Experiment } from "../../common/config/experiment";
import { createStudioStore } from "../store/studioStore";
import { watchStorage } from "./storageWatcher";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what is stored is read anew after a checkpoint and after caching, once for events together", () => {
  const store = createStudioStore(Experiment.parse({}));
  const refresh = vi.fn();
  const stop = watchStorage(store, refresh, 100);
  const { applyRunEvents, applyCacheEvent, endCaching } = store.getState();
  applyRunEvents([{ type: "phase", phase: "training", step: 1 }]);
  vi.advanceTimersByTime(100);
  expect(refresh).not.toHaveBeenCalled();

  applyRunEvents([{ type: "checkpoint", step: 1, bytes: 8 }]);
  applyRunEvents([{ type: "checkpoint", step: 2, bytes: 8 }]);
  vi.advanceTimersByTime(100);
  expect(refresh).toHaveBeenCalledTimes(1);

  const progress = {
    label: "Latents",
    done: 1,
    ready: { train: 1, heldOut: 0 },
    total: 2,
    imagesPerSecond: 1,
  };
  applyCacheEvent({ type: "progress", ...progress });
  vi.advanceTimersByTime(100);
  expect(refresh).toHaveBeenCalledTimes(1);
  endCaching();
  vi.advanceTimersByTime(100);
  expect(refresh).toHaveBeenCalledTimes(2);

  applyRunEvents([{ type: "checkpoint", step: 3, bytes: 8 }]);
  stop();
  vi.advanceTimersByTime(100);
  expect(refresh).toHaveBeenCalledTimes(2);
});
