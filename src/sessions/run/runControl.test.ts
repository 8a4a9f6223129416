import { expect, test } from "vitest";
import { StudioError } from "../../common/errors/studioError";
import { createRunControl, type BoundaryHooks } from "./runControl";

const hooks = (log: string[]): BoundaryHooks => ({
  onPaused: () => {
    log.push("paused");
    return Promise.resolve();
  },
  onResumed: () => log.push("resumed"),
});

/** Lets every promise that can settle do so. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

test("a run that nobody touches steps on", async () => {
  const log: string[] = [];
  expect(await createRunControl().boundary(hooks(log))).toBe("step");
  expect(log).toEqual([]);
});

test("pause holds the boundary until resume, and says so once", async () => {
  const log: string[] = [];
  const control = createRunControl();
  control.pause();
  const waiting = control.boundary(hooks(log));
  await settle();
  control.pause();
  await settle();
  expect(log).toEqual(["paused"]);
  control.resume();
  expect(await waiting).toBe("step");
  expect(log).toEqual(["paused", "resumed"]);
});

test("single steps: two asked for, two taken, then paused again", async () => {
  const log: string[] = [];
  const control = createRunControl();
  control.singleStep();
  control.singleStep();
  expect(await control.boundary(hooks(log))).toBe("step");
  expect(await control.boundary(hooks(log))).toBe("step");
  const third = control.boundary(hooks(log));
  await settle();
  expect(log).toEqual(["paused"]);
  control.stop();
  expect(await third).toBe("stop");
});

test("a run started with pauseAfter 1 takes one step", async () => {
  const log: string[] = [];
  const control = createRunControl(1);
  expect(await control.boundary(hooks(log))).toBe("step");
  const second = control.boundary(hooks(log));
  await settle();
  expect(log).toEqual(["paused"]);
  control.resume();
  await second;
});

test("tasks run at the boundary, also while paused, and return values and failures", async () => {
  const control = createRunControl();
  control.pause();
  const waiting = control.boundary(hooks([]));
  await settle();
  expect(await control.atBoundary(() => Promise.resolve(7))).toEqual({ ok: true, value: 7 });
  const refused = await control.atBoundary(() =>
    Promise.reject(new StudioError("OUT_OF_RANGE", "depth 9", "Choose less.")),
  );
  expect(refused).toMatchObject({ ok: false, failure: { code: "OUT_OF_RANGE" } });
  control.resume();
  await waiting;
});

test("a stop or a fault that comes while the pause is being announced is not missed", async () => {
  const control = createRunControl();
  control.pause();
  const stopping = control.boundary({
    onPaused: () => {
      control.stop();
      return Promise.resolve();
    },
    onResumed: () => undefined,
  });
  expect(await stopping).toBe("stop");
});

test("a fault is thrown at the boundary, the first one wins", async () => {
  const control = createRunControl();
  control.fail(new StudioError("DEVICE_LOST", "lost", "Resume."));
  control.fail(new StudioError("GPU_ERROR", "later", "Reload."));
  await expect(control.boundary(hooks([]))).rejects.toMatchObject({ code: "DEVICE_LOST" });
});

test("what is asked of a run that is over is refused, not forgotten", async () => {
  const control = createRunControl();
  const left = control.atBoundary(() => Promise.resolve(1));
  control.close();
  expect(await left).toMatchObject({ ok: false, failure: { code: "CANCELLED" } });
  const late = control.atBoundary(() => Promise.resolve(1));
  expect(await late).toMatchObject({ ok: false, failure: { code: "CANCELLED" } });
});

test("a fault that was mended is no fault any more", async () => {
  const control = createRunControl();
  control.fail(new StudioError("DEVICE_LOST", "The GPU device was lost.", "Press Resume."));
  await expect(control.boundary(hooks([]))).rejects.toThrow("lost");
  control.recover();
  expect(control.fault()).toBeUndefined();
  expect(await control.boundary(hooks([]))).toBe("step");
});
