import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunEvent, SampleGrid } from "../../../common/protocol/trainer";
import { createEventQueue } from "./eventQueue";

const grid: SampleGrid = {
  step: 1,
  png: new ArrayBuffer(1),
  count: 1,
  columns: 1,
  tile: 1,
  labels: [0],
};
const point = (step: number): RunEvent => ({
  type: "steps",
  points: [{ step, velocityLoss: 1, projLoss: 0, gradNorm: 1, stepMs: 1 }],
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("steps arrive together after a quarter of a second, phases at once with what came before", () => {
  const batches: RunEvent["type"][][] = [];
  const queue = createEventQueue((events) => batches.push(events.map(({ type }) => type)));
  queue.push(point(1));
  queue.push(point(2));
  expect(batches).toEqual([]);
  vi.advanceTimersByTime(250);
  expect(batches).toEqual([["steps", "steps"]]);
  queue.push(point(3));
  queue.push({ type: "phase", phase: "paused", step: 3 });
  expect(batches.at(-1)).toEqual(["steps", "phase"]);
});

test("grids are applied one a task, in order, and none is lost", () => {
  const applied: RunEvent[][] = [];
  const queue = createEventQueue((events) => applied.push([...events]));
  queue.push({ type: "grid", grid });
  queue.push({ type: "grid", grid: { ...grid, step: 2 } });
  queue.push(point(2));
  queue.flush();
  expect(applied.map((events) => events.map(({ type }) => type))).toEqual([["steps"]]);
  vi.advanceTimersByTime(1);
  vi.advanceTimersByTime(1);
  expect(applied.slice(1)).toMatchObject([
    [{ type: "grid", grid: { step: 1 } }],
    [{ type: "grid", grid: { step: 2 } }],
  ]);
});
